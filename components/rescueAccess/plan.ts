/** The one file, which sshd reads besides root's authorized_keys, and what it must not be forgotten to hold. */
import type { FileSetArgs } from "../../model/contract/fileSet";
import { renderFile } from "../../render/render";
import { ofConcern, type ConcernArgs } from "../concern";
import type { RescueAccessSettings } from "./settings";

export interface RescueAccessArgs extends ConcernArgs {
    readonly settings: RescueAccessSettings;
}

const path = "/root/.ssh/authorized_keys2";

export function planRescueAccess(args: RescueAccessArgs): FileSetArgs {
    const { keys } = args.settings;
    const hasKeys = keys.length > 0;
    return {
        ...ofConcern("rescue-access", args),
        files: { [path]: hasKeys ? { content: renderFile(path, { keys }), mode: "0600" } : { absent: true } },
        validate: hasKeys ? [{ argv: ["holdfast", "rescue-keys", `{staged:${path}}`] }] : [],
        facts: {
            ...(hasKeys && { "rescue keys": { probe: "rescue-keys-read", value: "read by sshd" } }),
            "root's keys": { probe: "root-keys" },
            // Reported: who put a key into root's own file may have had every reason to.
            "root's other keys": { probe: "undeclared-keys" },
        },
    };
}
