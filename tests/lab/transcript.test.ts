/** docs/transcript.md is what happens: the same session again, on nodes in the incidents' state. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openTestLab, toIncidentState } from "../helpers/lab";
import { PulumiProject } from "../helpers/pulumiProject";
import { record } from "../../scripts/transcript";

jest.setTimeout(300_000);

/**
 * By command, without what differs from run to run: times, loop devices, and the order in which the engine's workers
 * end.
 */
function session(text: string): [string, string[]][] {
    const plain = text
        .replace(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?Z/g, "TIME")
        .replace(/\/dev\/loop\d+/g, "/dev/loopN")
        .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, "UUID")
        .replace(/\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/g, "MAC");
    return [...plain.matchAll(/```console\n\$ (.*)\n([^]*?)```/g)].map(([, command = "", output = ""]) => [
        command,
        isOurs(command) ? output.split("\n") : [],
    ]);
}

/** Of the engine's own output the order and the times are its own. */
function isOurs(command: string): boolean {
    return command.startsWith("npx holdfast");
}

test("the recorded session happens again (npm run transcript records it anew)", async () => {
    const whole = await openTestLab();
    const lab = { ...whole, nodes: whole.nodes.slice(0, 2) };
    const project = await PulumiProject.create(lab);
    try {
        for (const node of lab.nodes) await toIncidentState(lab, node);
        expect(session(await record(lab, project))).toEqual(
            session(await readFile(join(__dirname, "../../docs/transcript.md"), "utf8")),
        );
    } finally {
        await project.remove();
    }
});
