/**
 * `npm run schema`: writes the JSON Schemas of `holdfast:fleet`, with which editors complete Pulumi.*.yaml, and of
 * `holdfast drift --format json`; docs/reference.md; the tables of docs/boot-readiness.md; the example of
 * docs/runbook.md; and the interfaces grammar's tables for the nodes.
 */
import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { driftJsonSchema } from "../cli/drift/report";
import { fleetJsonSchema } from "../components/fleet/jsonSchema";
import { pulumiSchema } from "./pulumiSchema";
import { renderReference } from "./generateReference";
import { bootChecks, seenFaults, withBootChecks } from "./reference/bootChecks";
import { exampleRunbook, withExample } from "./reference/runbook";
import { nodeTablesPath, renderNodeTables } from "./nodeTables";

writeFileSync(path.join(__dirname, "..", "schema", "holdfast-fleet.schema.json"), fleetJsonSchema());
writeFileSync(path.join(__dirname, "..", "schema", "holdfast-drift.schema.json"), driftJsonSchema());
writeFileSync(path.join(__dirname, "..", "schema", "holdfast-pulumi.schema.json"), pulumiSchema());
writeFileSync(path.join(__dirname, "..", "docs", "reference.md"), renderReference());
writeFileSync(path.join(__dirname, "..", nodeTablesPath), renderNodeTables());

const root = path.join(__dirname, "..");
const page = path.join(root, "docs", "boot-readiness.md");
writeFileSync(page, withBootChecks(readFileSync(page, "utf8"), bootChecks(root), seenFaults(root)));

const runbook = path.join(__dirname, "..", "docs", "runbook.md");
writeFileSync(runbook, withExample(readFileSync(runbook, "utf8"), exampleRunbook(path.join(__dirname, ".."))));
