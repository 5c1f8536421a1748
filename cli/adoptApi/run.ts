/** `holdfast adopt --api`: what lies in the cluster's database becomes stack config. Nothing is changed there. */
import { formatFault, parseFleet, type Fleet } from "../../components/fleet";
import { apiOf } from "../../components/proxmox/plan";
import { ProxmoxApi } from "../../host/proxmox/api";
import { readProjectFile } from "../../projectFile";
import { inTheManner } from "../adopt/addToStack";
import { readStack } from "../adopt/existingStack";
import { writeFiles } from "../adopt/nodeFiles";
import { fleetPath } from "../adopt/stackConfig";
import { askPulumi } from "../pulumi";
import { renderImports, type StateResource } from "./imports";
import { lookAtApi } from "./look";
import { sectionsOf, type Section, type Sections } from "./sections";

export interface AdoptApiOptions {
    readonly stack?: string;
    readonly import?: string;
    readonly out: string;
    readonly force: boolean;
}

const sections = ["storages", "backups", "metrics", "guests"] as const;

/** @throws Error that says what is missing; then nothing is written */
export async function adoptApi(options: AdoptApiOptions, say: (text: string) => void): Promise<void> {
    const { stack, out } = options;
    if (stack === undefined) throw new Error("--api needs --stack NAME: the stack that has `proxmox` and the token");
    const before = await readStack(out, stack);
    const config = await askPulumi(["config", "--show-secrets", "--json", "--stack", stack]);
    const token = (config as Record<string, { value?: string }>)["holdfast:proxmoxToken"]?.value;
    const proxmox = before && declared(before.fleet, out).proxmox;
    if (!before || !proxmox)
        throw new Error(
            `Pulumi.${stack}.yaml has no holdfast:fleet.proxmox: declare endpoint and ca (or fingerprint) there first`,
        );
    const found = sectionsOf(await lookAtApi(new ProxmoxApi(apiOf(proxmox), token)));
    const left = [...found.left];
    const document = before.document.clone();
    const path = [...fleetPath, "proxmox"];
    for (const [key, value] of [
        ...sections.map((name) => [name, found[name]] as const),
        ["options", found.options] as const,
    ])
        for (const [name, given] of Object.entries(value)) {
            // What the stack says of it already, stays.
            if (document.hasIn([...path, key, name])) continue;
            const trial = document.clone();
            if (!trial.hasIn([...path, key])) trial.setIn([...path, key], trial.createNode({}));
            trial.setIn([...path, key, name], trial.createNode(given, { flow: true }));
            const faults = faultsOf(trial.toJS(), out);
            if (faults.length > 0) left.push(`${key} ${name}: ${faults.join("; ")}`);
            else document.setIn([...path, key], trial.getIn([...path, key], true));
        }
    const { fleet: after } = parseFleet(fleetIn(document.toJS()), (file) => readProjectFile(out, file));
    const { deployment } = (await askPulumi(["stack", "export", "--stack", stack])) as {
        deployment: { resources?: StateResource[] };
    };
    const importFile =
        options.import === undefined ? "" : renderImports(after!.proxmox!, found, deployment.resources ?? [], stack);
    const text = inTheManner(before.text, before.document, document);
    const written = await writeFiles([{ path: `Pulumi.${stack}.yaml`, content: text }], importFile, options, say);
    say(told(found, left, written.files, options));
}

function declared(fleet: unknown, out: string): Fleet {
    const { fleet: sound, faults } = parseFleet(fleet, (file) => readProjectFile(out, file));
    if (!sound)
        throw new Error(
            `the stack has to be mended first:\n${faults.map((each) => `  ${formatFault(each)}`).join("\n")}`,
        );
    return sound;
}

function faultsOf(data: unknown, out: string): string[] {
    return parseFleet(fleetIn(data), (file) => readProjectFile(out, file)).faults.map(formatFault);
}

function fleetIn(data: unknown): unknown {
    return (data as { config: Record<string, unknown> }).config["holdfast:fleet"];
}

function told(found: Sections, left: readonly string[], files: readonly string[], options: AdoptApiOptions): string {
    const counted = sections.map((name) => `${count(found[name])} ${name}`).join(", ");
    return [
        `found ${counted}, ${count(found.options)} options of the datacenter`,
        ...left.map((line) => `left as it is: ${line}`),
        ...(files.some((file) => file !== options.import) ? [] : ["nothing to add: the stack has all of it"]),
        ...(files.length > 0 ? [`written: ${files.join(", ")}`] : []),
        ...(options.import === undefined
            ? []
            : [
                  `next: pulumi import -f ${options.import} --generate-code=false --protect=false --stack ${options.stack}; pulumi preview --diff shows what would be repaired`,
              ]),
        "",
    ].join("\n");
}

function count(section: Section): number {
    return Object.keys(section).length;
}
