/**
 * A client of its own, to be killed: begins a change of a node's network and confirms it unless it dies before.
 *     node -r ./toolchain/loadTypeScript tests/helpers/changeClient.ts < {host, privateKey, files, confirm}
 * Prints a line for each event, and at last the result.
 */
import { readFileSync } from "node:fs";
import { toConfirm } from "../../host/confirmation";
import { NodeClient } from "../../host/nodeClient";
import type { ConfirmArgs, HostArgs } from "../../model/contract/fileSet";
import { push } from "./crashNode";

interface Wanted {
    readonly host: HostArgs;
    readonly privateKey: string;
    readonly files: Readonly<Record<string, string>>;
    readonly confirm: ConfirmArgs;
}

async function main({ host, privateKey, files, confirm }: Wanted): Promise<void> {
    const client = new NodeClient(host, { credentials: { privateKey }, allowUnknownHostKey: false, timeout: 20 });
    const { result } = await push(client, {
        files,
        confirm: toConfirm(confirm),
        on: ({ phase, message }) => console.log(`${phase}: ${message}`),
    });
    console.log(JSON.stringify(result));
    client.end();
}

void main(JSON.parse(readFileSync(0, "utf8")) as Wanted);
