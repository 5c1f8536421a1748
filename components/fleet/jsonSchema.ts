/** `holdfast:fleet` for editors. Rules that span fields are not in it: `pulumi preview` says those. */
import { z } from "zod";
import { fleetSchema } from "./schema";

/** Text of `schema/holdfast-fleet.schema.json`. */
export function fleetJsonSchema(): string {
    const schema = z.toJSONSchema(fleetSchema, { target: "draft-7", io: "input", reused: "ref" });
    return `${JSON.stringify({ title: "holdfast:fleet", ...schema }, null, 2)}\n`;
}
