/** How an own step is run: the text that a shell gets, without anything secret in it. */
import type { HostArgs } from "../../model/contract/fileSet";
import type { OwnCommand } from "./settings";

/** One line for /bin/sh; nothing in it means anything to the shell. */
export function commandLine({ argv, host, environment }: Pick<OwnCommand, "argv" | "host" | "environment">): string {
    if (!host) return quoted(argv);
    // sshd takes no variables from outside; here, where none is secret, they stand in the command.
    const variables = Object.entries(environment).flatMap(([name, value]) =>
        typeof value === "string" ? [`${name}=${value}`] : [],
    );
    const command = variables.length > 0 ? ["env", ...variables, ...argv] : argv;
    return quoted(needsSudo(host) ? ["sudo", "-n", "--", ...command] : command);
}

function quoted(argv: readonly string[]): string {
    return argv.map(shellWord).join(" ");
}

/** One word for /bin/sh, whatever is in it. */
export function shellWord(part: string): string {
    return /^[\w@%+=:,./-]+$/.test(part) ? part : `'${part.replaceAll("'", `'\\''`)}'`;
}

/** As for everything else on the node. */
function needsSudo({ user = "root", sudo = user !== "root" }: HostArgs): boolean {
    return sudo;
}

/** The package's connection, without the key to log in with. */
export function connectionOf({ address, port = 22, user = "root", hostKey, proxy }: HostArgs) {
    return {
        host: address,
        port,
        user,
        hostKey,
        ...(proxy && {
            proxy: { host: proxy.host, port: proxy.port ?? 22, user: proxy.user ?? user, hostKey: proxy.hostKey },
        }),
    };
}
