/** A FileSet pushed through the provider's own controller, without an engine around it. */
import { readFile } from "node:fs/promises";
import { NodeClient } from "../../host/nodeClient";
import type { Lab, LabNode } from "../../lab";
import type { FileSetArgs, HostArgs } from "../../model/contract/fileSet";
import { parseConfiguration } from "../../provider/configuration";
import { FileSetController } from "../../provider/fileSet";
import { checkInputs } from "../../provider/inputs";
import type { FileSetState } from "../../provider/fileState";
import type { Log } from "../../provider/log";
import { Operation } from "../../provider/operation";

const silent: Log = { status: () => undefined, info: () => undefined, warning: () => undefined };

export async function hostOf(node: Pick<LabNode, "name" | "ssh" | "hostKey">): Promise<HostArgs> {
    return {
        name: node.name,
        address: node.ssh.host,
        port: node.ssh.port,
        user: "root",
        hostKey: await node.hostKey(),
    };
}

/**
 * Check and Create, as the engine would call them.
 * @param status is told each phase
 * @throws with the check's failures, or with the push's error
 */
export async function pushFileSet(
    lab: Pick<Lab, "identityFile">,
    args: FileSetArgs,
    status: (message: string) => void = () => undefined,
): Promise<FileSetState> {
    const { inputs, failures } = checkInputs({ takeOver: true, ...args });
    if (failures.length > 0) throw new Error(failures.map(({ reason }) => reason).join("\n"));
    const privateKey = await readFile(lab.identityFile, "utf8");
    const node = new NodeClient(args.host, { credentials: { privateKey }, allowUnknownHostKey: false, timeout: 20 });
    try {
        const operation = new Operation(parseConfiguration({}), () => node);
        return (await new FileSetController(operation).create(inputs, { ...silent, status })).state;
    } finally {
        node.end();
    }
}
