/** `npm run schema`: writes the JSON Schema of `holdfast:fleet`, with which editors complete Pulumi.*.yaml. */
import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { fleetJsonSchema } from "../model/fleet/jsonSchema";

writeFileSync(path.join(__dirname, "..", "schema", "holdfast-fleet.schema.json"), fleetJsonSchema());
