/** Commands inside a virtual machine, over SSH with the lab's key. */
import execa from "execa";
import type { ExecOptions } from "../bootReport";
import { fileOf, type Places } from "./places";

export async function execOverSsh(
    places: Places,
    command: readonly string[],
    options: ExecOptions = {},
): Promise<execa.ExecaReturnValue> {
    const { host, port, user } = places.ssh;
    const settings = [
        "IdentitiesOnly=yes",
        "BatchMode=yes",
        "ConnectTimeout=15",
        "LogLevel=ERROR",
        `UserKnownHostsFile=${fileOf(places, "known_hosts")}`,
        "StrictHostKeyChecking=yes",
    ];
    return execa(
        "ssh",
        [
            ...["-F", "none", "-i", places.identityFile],
            ...settings.flatMap((setting) => ["-o", setting]),
            ...["-p", String(port), `${user}@${host}`],
            command.map(quote).join(" "),
        ],
        {
            ...(options.input === undefined ? { stdin: "ignore" as const } : { input: options.input }),
            timeout: Math.round((options.timeout ?? 60) * 1000),
            reject: options.reject ?? true,
            stripFinalNewline: options.strip ?? true,
        },
    );
}

/** For the login shell at the other end: sshd hands it one string. */
function quote(argument: string): string {
    return `'${argument.replaceAll("'", "'\\''")}'`;
}
