/** A session on two nodes in the incidents' state, as a terminal shows it. */
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import execa from "execa";
import { strayLine, type Lab } from "../lab";
import type { PulumiProject } from "../tests/helpers/pulumiProject";

/** Lines of one command's output; the rest of a long diff says no more. */
const LIMIT = 180;
/** What a terminal draws over: operations that begin, and components, which have nothing of their own to do. */
const passing = /^ [~=+ ]  ?\S+ \S+ (?:importing|refreshing|refresh) \(|^ .{3}holdfast:components:/;

/** Markdown. Names of this machine are replaced. */
export async function record(lab: Lab, project: PulumiProject): Promise<string> {
    await project.write("ssh_config", sshConfig(lab));
    const [first] = lab.nodes;
    const blocks: string[] = [];
    const show = (
        words: string,
        { stdout, stderr, exitCode }: { stdout: string; stderr: string; exitCode: number },
    ) => {
        blocks.push(
            `\`\`\`console\n$ ${words}\n${clean(`${stderr}${stdout}`, lab, project)}${exitCode === 0 ? "" : `\n[exit status ${exitCode}]`}\n\`\`\``,
        );
    };
    const pulumi = async (words: string) =>
        show(
            `pulumi ${words}`,
            await project.runPulumi([
                ...words.replaceAll("'", "").split(" "),
                ...(/^(?:up|import)\b/.test(words)
                    ? [
                          "--suppress-progress",
                          "--suppress-outputs",
                          ...(words.includes("--yes") ? ["--skip-preview"] : []),
                      ]
                    : []),
            ]),
        );
    const say = (text: string) => void blocks.push(text);

    say("# A session, recorded");
    say(
        "Made by `npm run transcript` on two disposable nodes in the state of [both incidents](../README.md): `127.0.1.1` and a device name on each, and a stray line in the interfaces file. Only names of the machine it ran on are replaced, and long outputs cut.",
    );
    say("## Adopt\n\nReads the nodes and writes nothing there. The hazards:");
    show(
        "npx holdfast adopt root@pve01 root@pve02 --stack paris --import import.json",
        await project.holdfast(
            "adopt",
            ...lab.nodes.map(({ name }) => `root@${name}`),
            "--stack",
            "paris",
            "--import",
            "import.json",
        ),
    );
    await pulumi("stack select --create paris");
    say("The live files become the state to compare with:");
    await pulumi("import -f import.json --generate-code=false --protect=false --yes");
    say("## Preview\n\nLine diffs against what stands on the nodes, without contacting them:");
    await pulumi("preview --diff");
    say("## Up");
    await pulumi("up --yes");
    say(
        `## Drift\n\nNothing to see right after. Then somebody's \`ip link >> /etc/network/interfaces\` on ${first?.name ?? "a node"}, and a \`chmod 666 /etc/hosts\`:`,
    );
    show("npx holdfast drift", await project.holdfast("drift"));
    // By SSH, as somebody would: whose sessions were open then is part of what the drift run tells.
    if (first)
        await execa(
            "ssh",
            [
                "-F",
                join(project.folder, "ssh_config"),
                `root@${first.name}`,
                "cat >> /etc/network/interfaces; chmod 0666 /etc/hosts",
            ],
            { input: `${strayLine}\n` },
        );
    show("npx holdfast drift", await project.holdfast("drift"));
    say("The same for a comment on an issue, `npx holdfast drift --format markdown`, as it is rendered:");
    say(quoted(clean((await project.holdfast("drift", "--format", "markdown")).stdout, lab, project)));
    say("A plain `up` would refuse to overwrite an edit that nobody has looked at. Having looked:");
    await pulumi("up --refresh --yes");
    show("npx holdfast drift", await project.holdfast("drift"));
    return `${blocks.join("\n\n")}\n`;
}

function quoted(markdown: string): string {
    return markdown
        .split("\n")
        .map((line) => `> ${line}`.trimEnd())
        .join("\n");
}

function sshConfig(lab: Lab): string {
    const hosts = lab.nodes.map(({ name, ssh }) => `Host ${name}\n  HostName ${ssh.host}\n  Port ${ssh.port}\n`);
    return `${hosts.join("")}Host *\n  UserKnownHostsFile ${lab.knownHostsFile}\n  IdentityFile ${lab.identityFile}\n`;
}

function clean(text: string, lab: Lab, project: PulumiProject): string {
    let shown = text
        .replaceAll(project.folder, "~/fleet")
        .replaceAll(lab.identityFile, "~/.ssh/id_ed25519")
        .replaceAll(lab.knownHostsFile, "~/.ssh/known_hosts")
        .replaceAll(`${userInfo().username}@${hostname()}`, "ops@workstation");
    for (const { name, ssh } of lab.nodes)
        shown = shown.replaceAll(`${ssh.host}:${ssh.port}`, name).replaceAll(ssh.host, name);
    const lines = shown
        .split("\n")
        .map((line) => line.trimEnd())
        .filter((line) => !passing.test(line))
        .filter((line, index, all) => line !== "" || all[index - 1] !== "")
        .join("\n")
        .trim()
        .split("\n");
    return lines.length <= LIMIT
        ? lines.join("\n")
        : [...lines.slice(0, LIMIT), `… ${lines.length - LIMIT} more lines`].join("\n");
}
