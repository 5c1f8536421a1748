/** Pulumi.lab.yaml: the lab's nodes as a stack that declares what their files should be. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { stringify } from "yaml";
import { nothingByDefault } from "../components/table";
import type { AnyLab, AnyNode } from "./index";
import { domain } from "./initialState";
import { gateway } from "./network";

export interface LabStackOptions {
    /** Settings under `defaults`; without them only hosts, fstab and interfaces are managed. */
    readonly defaults?: object;
    /** Further settings of the fleet. */
    readonly settings?: object;
}

/** Holds no key: pulumi takes it from HOLDFAST_IDENTITY_FILE. What `pulumi stack init` has written there stays. */
export async function writeLabStack(
    lab: AnyLab,
    file: string,
    { defaults = nothingByDefault, settings = {} }: LabStackOptions = {},
): Promise<void> {
    const nodes = await Promise.all(lab.nodes.map(async (node) => [node.name, await nodeConfig(node)] as const));
    const all = { domain, ssh: { user: "root" }, takeOver: true, defaults, nodes: Object.fromEntries(nodes) };
    const config = { "holdfast:fleet": { ...all, ...settings } };
    const [salt = ""] = /^encryptionsalt:.*\n/m.exec(await readFile(file, "utf8").catch(() => "")) ?? [];
    await writeFile(file, `${header(lab.id)}\n${salt}${stringify({ config }, { lineWidth: 0 })}`);
}

/** Below the project's folder; a lab of another id has one of its own. */
export function labStackFile(id: string): string {
    return id === "lab" ? "Pulumi.lab.yaml" : `Pulumi.lab-${id}.yaml`;
}

/** Removes the file where it describes that lab; another lab's stays. */
export async function removeLabStack(id: string, file: string): Promise<void> {
    const content = await readFile(file, "utf8").catch(() => "");
    if (content.startsWith(`${header(id)}\n`)) await rm(file);
}

function header(id: string): string {
    return `# The nodes of lab "${id}". Written by \`holdfast lab up\`; \`holdfast lab down\` removes it.`;
}

async function nodeConfig(node: AnyNode): Promise<object> {
    return {
        address: node.address,
        address6: node.address6,
        ssh: { host: node.ssh.host, port: node.ssh.port, hostKey: await node.hostKey() },
        hostsFile: { extra: [{ address: "192.0.2.60", names: [`nas.${domain}`, "nas"] }] },
        fstab: [
            { source: `UUID=${node.rootUuid}`, target: "/", fstype: "ext4", options: ["errors=remount-ro"], passno: 1 },
            { source: `UUID=${node.dataUuid}`, target: "/srv/local", fstype: "ext4", options: ["defaults"], passno: 2 },
        ],
        interfaces: {
            source: ["/etc/network/interfaces.d/*"],
            stanzas: [
                { name: "lo", auto: true, method: "loopback" },
                { name: "enp1s0", auto: true, method: "manual" },
                {
                    name: "vmbr0",
                    auto: true,
                    method: "static",
                    options: {
                        address: `${node.address}/24`,
                        gateway: gateway.address,
                        "bridge-ports": ["enp1s0"],
                        "bridge-stp": "off",
                        "bridge-fd": "0",
                    },
                },
                {
                    name: "vmbr0",
                    family: "inet6",
                    method: "static",
                    options: { address: `${node.address6}/64`, gateway: gateway.address6 },
                },
            ],
        },
    };
}
