/** `ipmievd`: on or off. */
import { concern } from "../../model/fleet/kit";

export const schema = concern({}).optional().describe("events of the BMC in the log; on by default");

export function resolveIpmievd(): boolean {
    return true;
}
