/** The machines of a stack, for commands that ask the nodes themselves. */
import type { Machine, ReadFile } from "../components/fleet";
import { NodeClient } from "../host/nodeClient";
import { stackFleet, type StackFleet } from "./stackFleet";

export interface StackNodes extends StackFleet {
    readonly clientOf: (machine: Machine) => NodeClient;
}

/** As `stackFleet`, with what opens a connection to each. */
export async function stackNodes(stack?: string, read?: ReadFile): Promise<StackNodes> {
    const fleet = await stackFleet(stack, read);
    return { ...fleet, clientOf: ({ host }) => new NodeClient(host, fleet.connect) };
}
