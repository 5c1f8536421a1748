/** What other languages see of the package: `npm run schema` has written it. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const FILE = join("schema", "holdfast-pulumi.schema.json");

/** Of a clone (provider/) or of a published package (dist/provider/). */
export function schemaOf(version: string, folder = __dirname): string {
    const file = join(folder, FILE);
    if (!existsSync(file)) return schemaOf(version, dirname(folder));
    return JSON.stringify({ ...(JSON.parse(readFileSync(file, "utf8")) as object), version });
}
