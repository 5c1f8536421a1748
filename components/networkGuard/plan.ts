/** The files, units and commands. */
import type { FileSetArgs } from "../../model/contract/fileSet";
import type { NetworkGuardSettings } from "./settings";
import { parsing, programText } from "../../programs";
import { renderFile } from "../../render/render";
import { ofConcern, type ConcernArgs } from "../concern";

export interface NetworkGuardArgs extends ConcernArgs {
    readonly settings: NetworkGuardSettings;
}

const program = "/etc/holdfast/network-guard"; // below /etc: /usr/local may not be mounted yet when networking.service starts
const conf = "/etc/holdfast/network-guard.conf";
const path = "/etc/systemd/system/holdfast-network-guard.path";
const service = "/etc/systemd/system/holdfast-network-guard.service";
const bootWatch = "/etc/systemd/system/holdfast-boot-watch.service";
const dropIn = "/etc/systemd/system/networking.service.d/holdfast-guard.conf";
const addon = "/usr/share/ifupdown2/addons/vxrd.py";
/** What else a file sources the guard finds by itself. */
const folders = ["/etc/network", "/etc/network/interfaces.d"];

export function planNetworkGuard(args: NetworkGuardArgs): FileSetArgs {
    const { bootWindow } = args.settings;
    const { address } = args.node;
    return {
        ...ofConcern("network-guard", args),
        files: {
            [program]: { content: programText(program), mode: "0755" },
            [conf]: { content: renderFile(conf, { address, bootWindow }) },
            [path]: { content: renderFile(path, { folders }) },
            [service]: { content: renderFile(service, {}) },
            [bootWatch]: { content: renderFile(bootWatch, {}) },
            [dropIn]: { content: renderFile(dropIn, {}) },
            [addon]: { content: renderFile(addon, {}), when: "/usr/share/ifupdown2/addons" },
        },
        validate: [
            { argv: parsing(program) },
            // Before anything is written: what the network runs with now is all that is proven of a node without a
            // record.
            { argv: ["/usr/bin/python3", "-ISXutf8", `{staged:${program}}`, "prove", address], timeout: 60 },
        ],
        activate: [{ argv: ["systemctl", "daemon-reload"] }],
        units: {
            "holdfast-network-guard.path": { enabled: true, active: true },
            "holdfast-network-guard.service": { enabled: true },
            "holdfast-boot-watch.service": { enabled: true },
        },
        verify: [{ argv: ["systemctl", "start", "holdfast-network-guard.service"], timeout: 240 }],
        facts: {
            "network files": { probe: "network-files", value: "sound" },
            "files put back": { probe: "files-put-back", value: "none" },
            "proven files": { probe: "proven-files" },
            "direct ifreload": { probe: "ifreload-guarded" },
        },
    };
}
