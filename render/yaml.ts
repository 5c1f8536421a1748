/** Plain data as YAML, below the first line of its template. */
import type * as yaml from "yaml";
import { renderFile } from "./render";

/** @param target absolute path; its template says whose file it is, and ends in `{{text}}` */
export function renderYaml(target: string, data: object): string {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import would load it at once
    const { stringify } = require("yaml") as typeof yaml;
    return renderFile(target, { text: stringify(data, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd() });
}
