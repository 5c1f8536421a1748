/** `npm run schema`: writes the JSON Schemas of `holdfast:fleet`, with which editors complete Pulumi.*.yaml, and of `holdfast drift --format json`; and docs/reference.md. */
import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { driftJsonSchema } from "../cli/drift/report";
import { fleetJsonSchema } from "../components/fleet/jsonSchema";
import { renderReference } from "./generateReference";

writeFileSync(path.join(__dirname, "..", "schema", "holdfast-fleet.schema.json"), fleetJsonSchema());
writeFileSync(path.join(__dirname, "..", "schema", "holdfast-drift.schema.json"), driftJsonSchema());
writeFileSync(path.join(__dirname, "..", "docs", "reference.md"), renderReference());
