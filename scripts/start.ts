/**
 * The demonstration: two disposable nodes in the incidents' state, hardened by `pulumi up`, with the proof before and
 * after. Every step says what it expects; the exit status is 0 only if all of it came true. With `--all` a monitoring
 * host and a Docker host as well, and what they do on the day.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import execa from "execa";
import { renderImportFile } from "../cli/adopt/importFile";
import { formatBoot } from "../cli/lab";
import { labDown, labUp, strayLine, type Lab, type LabNode } from "../lab";
import { writeLabStack } from "../lab/stack";
import { builtFolder } from "../toolchain/toolchain";
import { showAlarm } from "./start/alarm";
import { showDockerIncident } from "./start/dockerIncident";

const root = join(__dirname, "..");
const work = join(root, ".holdfast", "start");
const stackFile = join(root, "Pulumi.lab.yaml");
const all = process.argv.includes("--all");
/** As every pulumi command of ours has them: without, each looks for plugins and versions on the network. */
const pulumiSettings = { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true", PULUMI_SKIP_UPDATE_CHECK: "true" };
const outcomes: { claim: string; held: boolean; seconds: number }[] = [];

async function main(): Promise<void> {
    const { lab, host } = await freshLab();
    const pulumi = await createStack(lab);
    const [first, second] = lab.nodes;
    if (!first || !second) throw new Error("the demonstration needs two nodes");

    heading("Before: what the incidents left on the nodes");
    await claim("the lints find the hazards of both incidents", async () => (await lintNodeFiles(first)) === 1);
    await claim(
        `${first.name}, not hardened: pmxcfs fails at the next boot (incident A)`,
        async () => (await rebootAndShow(first)) > 0,
    );

    heading("pulumi import: the nodes' own files become the state to compare with");
    await writeFile(join(work, "import.json"), importFile(lab));
    await claim(
        "the live files are taken into state",
        async () =>
            (await pulumi(
                "import",
                "--file",
                join(work, "import.json"),
                "--generate-code=false",
                "--protect=false",
                "--yes",
                "--skip-preview",
                "--suppress-outputs",
                "--suppress-progress",
            )) === 0,
    );

    heading("pulumi preview --diff: what would change");
    await claim("the preview shows the repairs", async () => (await pulumi("preview", "--diff")) === 0);

    heading("pulumi up");
    const up = ["up", "--yes", "--skip-preview", "--suppress-progress", "--suppress-outputs"] as const;
    await claim("pulumi up hardens both nodes", async () => (await pulumi(...up)) === 0);
    await claim("a second up finds nothing to do", async () => (await pulumi(...up, "--expect-no-changes")) === 0);

    heading("Drift: pulumi refresh --preview-only --expect-no-changes --diff");
    const drift = ["refresh", "--preview-only", "--expect-no-changes", "--diff"] as const;
    await claim("no drift right after", async () => (await pulumi(...drift)) === 0);
    console.log(
        `\nNow a slip of the hand on ${first.name}: ip link show >> /etc/network/interfaces (incident B), and chmod 0666 /etc/hosts`,
    );
    await first.exec(["sh", "-c", "cat >> /etc/network/interfaces; chmod 0666 /etc/hosts"], {
        input: `${strayLine}\n`,
    });
    await claim("the drift run shows both, and fails", async () => (await pulumi(...drift)) !== 0);

    heading("pulumi up --refresh: repair");
    await claim("up --refresh repairs the drift", async () => (await pulumi(...up, "--refresh")) === 0);
    await claim("no drift afterwards", async () => (await pulumi(...drift)) === 0);

    heading("After: the same reboot");
    for (const node of [first, second])
        await claim(`${node.name}, hardened: boots with no unit failed`, async () => (await rebootAndShow(node)) === 0);

    if (host) {
        heading("The alarm: who learns that a node is gone");
        await showAlarm({ lab, host, stackFile, up: async () => (await pulumi(...up)) === 0, claim });
    }

    if (all) {
        heading("The Docker host: every container gone, every volume whole");
        await showDockerIncident(claim);
    }

    summary(lab);
}

function importFile(lab: Lab): string {
    const kept = (["hosts", "fstab", "interfaces"] as const).map((format) => ({ format }));
    return renderImportFile(lab.nodes.map(({ name }) => ({ identity: { name }, kept })));
}

/**
 * Made anew each time: a lab that a former demonstration has hardened has nothing left to show. `lab` has the nodes
 * alone.
 */
async function freshLab(): Promise<{ lab: Lab; host: LabNode | undefined }> {
    await labDown("lab");
    await rm(work, { recursive: true, force: true });
    await mkdir(join(work, "state"), { recursive: true });
    await rm(stackFile, { force: true });
    const whole = await labUp({ id: "lab", nodes: all ? 3 : 2, log: (line) => console.log(line) });
    const [first, second, host] = whole.nodes;
    const lab = { ...whole, nodes: [first!, second!] };
    await writeLabStack(lab, stackFile);
    return { lab, host };
}

/**
 * A throw-away stack in a folder of this checkout. @returns runs pulumi there with its output shown, and gives its exit
 * status.
 */
async function createStack(lab: Lab): Promise<(...args: string[]) => Promise<number>> {
    const env = {
        PULUMI_BACKEND_URL: `file://${join(work, "state")}`,
        // Protects nothing: the lab's stack holds no secret.
        PULUMI_CONFIG_PASSPHRASE: "lab",
        HOLDFAST_IDENTITY_FILE: lab.identityFile,
    };
    await execa("pulumi", ["stack", "init", "lab", "--non-interactive"], { cwd: root, env });
    // Where set-up built pulumi, it is on nobody's PATH.
    const built = builtFolder();
    const isBuilt = (process.env["PATH"] ?? "").split(delimiter)[0] === built;
    const exports = Object.entries({
        ...env,
        ...(isBuilt && { PATH: `${built}${delimiter}$PATH`, ...pulumiSettings }),
    }).map(([name, value]) => `export ${name}="${value}"`);
    await writeFile(join(work, "env"), `${exports.join("\n")}\n`);
    return async (...args) => {
        console.log(`$ pulumi ${args.join(" ")}`);
        const { exitCode } = await execa(
            "pulumi",
            [...args, "--stack", "lab", "--non-interactive", "--color", "never"],
            { cwd: root, env, stdio: ["ignore", "inherit", "inherit"], reject: false },
        );
        return exitCode;
    };
}

/** @returns the exit status of `holdfast lint` on the node's own files. */
async function lintNodeFiles(node: LabNode): Promise<number> {
    const folder = join(work, node.name);
    await mkdir(folder, { recursive: true });
    const paths = ["/etc/hosts", "/etc/fstab", "/etc/network/interfaces"];
    const files = await Promise.all(
        paths.map(async (path) => {
            const file = join(folder, path.slice(path.lastIndexOf("/") + 1));
            await writeFile(file, (await node.exec(["cat", path], { strip: false })).stdout);
            return file;
        }),
    );
    const { exitCode, all } = await execa(process.execPath, [join(root, "cli", "holdfast.js"), "lint", ...files], {
        all: true,
        reject: false,
    });
    console.log(all?.replaceAll(folder, node.name));
    return exitCode;
}

/** @returns how many units failed; a boot that does not reach multi-user.target counts as one more. */
async function rebootAndShow(node: LabNode): Promise<number> {
    const report = await node.reboot();
    console.log(formatBoot(node.name, report));
    return report.failed.length + (report.multiUser ? 0 : 1);
}

async function claim(text: string, holds: () => Promise<boolean>): Promise<void> {
    const started = Date.now();
    const held = await holds();
    outcomes.push({ claim: text, held, seconds: (Date.now() - started) / 1000 });
    console.log(`${held ? "✓" : "✗"} ${text}`);
}

function heading(text: string): void {
    console.log(`\n== ${text}\n`);
}

function summary(lab: Lab): void {
    heading("Summary");
    for (const { claim: text, held, seconds } of outcomes)
        console.log(`${held ? "✓" : "✗"} ${text} (${seconds.toFixed(1)} s)`);
    console.log(`
The lab is still up. To go on with it:
  . .holdfast/start/env              # the lab's stack, in this shell
  npx holdfast lab ssh ${lab.nodes[0]?.name ?? "pve01"}         # look around, break something
  pulumi preview --refresh --diff    # see it, then repair it with: pulumi up --refresh
  npx holdfast lab down              # remove the nodes and everything of theirs`);
    process.exitCode = outcomes.every(({ held }) => held) ? 0 : 1;
}

main().catch((error: unknown) => {
    console.error(`holdfast: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
});
