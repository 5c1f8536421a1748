/** The entry of what stands before proxmoxve's plugin. */
import { serve } from "../serve";
import { guard } from "./guard";

export function main(engineAddress: string | undefined): void {
    const { definition, implementation } = guard(engineAddress);
    serve(definition, implementation);
}
