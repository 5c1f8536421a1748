/** The dashboard, with the panels that the stack's machines have data for. */
import { writeFile } from "node:fs/promises";
import type { Fleet } from "../../components/fleet";
import { fleetDashboard } from "../../model/dashboard/dashboard";
import type { Row } from "../../model/dashboard/panels";
import { notWritten } from "../notWritten";
import { declaredFleet } from "../stackFleet";
import type { DashboardOptions } from "./options";

/** @returns the file. @throws Error where the stack cannot be read, or the file not written */
export async function writeDashboard({ output, stack }: DashboardOptions): Promise<string> {
    const fleet = await declaredFleet(stack);
    const text = `${JSON.stringify(
        fleetDashboard((needed) => has(fleet, needed)),
        undefined,
        2,
    )}\n`;
    await writeFile(output, text).catch((error: unknown) => {
        throw notWritten(output, error);
    });
    return output;
}

/** A drift run is nothing that the stack declares: it may always come. */
function has({ nodes, hosts }: Fleet, needed: NonNullable<Row["needs"]>): boolean {
    return needed === "drift" || [...nodes, ...hosts].some((machine) => machine[needed] !== undefined);
}
