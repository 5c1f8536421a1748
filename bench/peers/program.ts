/** The Pulumi program of the comparison: `job.json` beside it says what, and on which nodes. */
import { readFileSync } from "node:fs";
import { FileSet } from "../../provider/resource";
import { fileSetOf, type Job } from "./job";
import type { FileSetArgs } from "../../model/contract/fileSet";

const { job, hosts } = JSON.parse(readFileSync("job.json", "utf8")) as {
    job: Job;
    hosts: readonly FileSetArgs["host"][];
};
for (const host of hosts) new FileSet(host.name, { ...fileSetOf(job, host) });
