/** The lab's nodes with every concern on, and with a secret: mail through a relay that wants a login over TLS. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import execa from "execa";
import { parse } from "yaml";
import type { Lab, LabNode } from "../../lab";
import { writeLabStack } from "../../lab/stack";
import type { PulumiProject } from "./pulumiProject";

const PORT = 2587;
/** Protects nothing but what the tests look for: no state, log or diff may show it. */
export const PASSWORD = "lab-relay-password";

/** The stack's config, by keys without `holdfast:`. Its relay is the last node's, so `serveMail` has to run there. */
export async function wholeFleet(lab: Lab, folder: string): Promise<Record<string, unknown>> {
    const file = join(folder, "lab.yaml");
    await writeLabStack(lab, file, { defaults: { logDigest: true } });
    const { config } = parse(await readFile(file, "utf8")) as { config: { "holdfast:fleet": object } };
    const relay = relayOf(lab);
    const mail = {
        to: "ops@example.test",
        from: "holdfast@example.test",
        relay: `smtp://${relay.fqdn}:${PORT}`,
        user: "lab",
    };
    return { fleet: { ...config["holdfast:fleet"], mail } };
}

export async function setPassword(project: PulumiProject, stack: string): Promise<void> {
    await project.pulumi("config", "set", "--secret", "holdfast:mailPassword", PASSWORD, "--stack", stack);
}

/**
 * A mail server with a login over TLS on the last node, until that node's next boot; every node takes its certificate
 * for good.
 */
export async function serveMail(lab: Lab): Promise<void> {
    const relay = relayOf(lab);
    const folder = await mkdtemp(join(tmpdir(), "holdfast-certificate-"));
    try {
        const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
        await execa("openssl", [
            ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj".split(" "),
            `/CN=${relay.fqdn}`,
            ...["-addext", `subjectAltName=DNS:${relay.fqdn}`, "-keyout", key, "-out", certificate],
        ]);
        const trusted = await readFile(certificate, "utf8");
        for (const node of lab.nodes) await write(node, "/etc/ssl/certs/ca-certificates.crt", trusted, ">>");
        await write(relay, "/run/smtpSink.pem", (await readFile(key, "utf8")) + trusted);
        await write(relay, "/run/smtpSink.py", await readFile(join(__dirname, "smtpSink.py"), "utf8"));
    } finally {
        await rm(folder, { recursive: true });
    }
    await relay.exec([
        ..."systemd-run --quiet --collect --unit=smtp-sink python3 /run/smtpSink.py".split(" "),
        ...[String(PORT), "/run/mails", "/run/smtpSink.pem"],
    ]);
}

async function write(node: LabNode, path: string, content: string, how: ">" | ">>" = ">"): Promise<void> {
    await node.exec(["sh", "-c", `cat ${how}"$1"`, "sh", path], { input: content });
}

function relayOf({ nodes }: Lab): LabNode {
    const last = nodes.at(-1);
    if (!last) throw new Error("a lab without nodes has no mail server");
    return last;
}
