import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(__dirname, "../../fixtures/interfaces");

export function readFixture(name: string): string {
    return readFileSync(join(folder, name), "utf8");
}

/** Files that work, by name. */
export const validFiles: ReadonlyMap<string, string> = new Map(
    readdirSync(join(folder, "valid")).map((name) => [name, readFixture(`valid/${name}`)]),
);

export const validNames: readonly string[] = [...validFiles.keys()];
