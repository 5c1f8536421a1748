/** The alert rules of `alerts/`, which a user may as well copy by hand. */
import { readFileSync } from "node:fs";
import * as path from "node:path";

/** Beside this package's code, wherever the program that imports it stands. */
const alerts = path.join(__dirname, "..", "alerts");

/** Text of `alerts/NAME.rules.yml`, without its last line break. */
export function alertRules(name: string): string {
    return readFileSync(path.join(alerts, `${name}.rules.yml`), "utf8").trimEnd();
}
