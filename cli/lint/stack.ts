/** A stack file offline: what `pulumi preview` would refuse of it, with the place where it stands. */
import { allSecretKeys, formatFault, parseFleet, type Fleet, type ReadFile } from "../../components/fleet";
import {
    breachesOf,
    isWaived,
    PLAIN_SECRET,
    policies as builtIn,
    policiesSchema,
    unknownRules,
} from "../../components/fleet/policies";
import { formatPath } from "../../model/fleet/faults";
import { finding, firstLine, type Finding } from "../../model/lint/finding";
import { lintSize } from "../../model/lint/limits";
import { standIns } from "./encrypted";
import { readYaml, type YamlSource } from "./yamlSource";

type Path = readonly PropertyKey[];

const fleetKey = "holdfast:fleet";
/** With it the stack has to keep to rules beyond what works. */
const policiesKey = "holdfast:policies";

/** `Pulumi.prod.yaml`; `Pulumi.yaml` is the project's. */
export function isStackFile(path: string): boolean {
    return /(?:^|\/)Pulumi\.[^/]+\.ya?ml$/.test(path);
}

/** Sorted by place. @param readFile of the files that it names with `file:` */
export function lintStack(text: string, readFile: ReadFile): Finding[] {
    const tooLong = lintSize(text);
    if (tooLong.length > 0) return tooLong;
    const { source, findings } = readYaml(text);
    const found = source ? lintConfig(source, readFile) : [...findings];
    return found.sort((a, b) => a.line - b.line || a.column - b.column);
}

function lintConfig({ data, placeOf }: YamlSource, readFile: ReadFile): Finding[] {
    const config = entriesOf(entriesOf(data)["config"]);
    const written = config[fleetKey];
    const fleet =
        written === undefined
            ? undefined
            : lintFleet(written, (path) => placeOf(["config", fleetKey, ...path]), readFile);
    const plain = allSecretKeys(fleet?.parsed ?? {})
        .map((key) => `holdfast:${key}`)
        .filter((key) => typeof config[key] === "string")
        .map((key) =>
            finding(
                "plain-secret",
                "warning",
                placeOf(["config", key]),
                `${key} stands in plain text: whoever reads this file or its history has it. Replace it where it is used, then: pulumi config set --secret ${key}`,
            ),
        );
    const policies = config[policiesKey];
    if (policies !== undefined && fleet)
        return [...fleet.findings, ...lintPolicies(policies, plain, fleet.parsed, written, placeOf)];
    if (!fleet)
        return [
            ...plain,
            finding(
                "no-fleet",
                "error",
                firstLine,
                `config has no ${fleetKey}. Declare the nodes there; \`npx holdfast adopt root@NODE\` writes it for a node that runs.`,
            ),
        ];
    return [...plain, ...fleet.findings];
}

/** Where the stack asks for them; what was a warning by itself, a secret in plain text, is an error then. */
function lintPolicies(
    given: unknown,
    plain: readonly Finding[],
    fleet: Fleet | undefined,
    written: unknown,
    placeOf: YamlSource["placeOf"],
): Finding[] {
    const { data, error } = policiesSchema.safeParse(asData(given));
    if (!data)
        return [
            ...plain,
            ...error.issues.map(({ path, message }) =>
                finding(
                    "policies",
                    "error",
                    placeOf(["config", policiesKey, ...path]),
                    `${[policiesKey, ...path.map(String)].join(".")}: ${message}`,
                ),
            ),
        ];
    const unknown = unknownRules(data).map((rule) =>
        finding(
            "policies",
            "error",
            placeOf(["config", policiesKey]),
            `${policiesKey}.waive: there is no rule ${rule}: ${[...Object.keys(builtIn), PLAIN_SECRET].join(", ")}, or one of your own`,
        ),
    );
    const breaches = fleet ? breachesOf(fleet, standIns(asData(written)).data, data) : [];
    return [
        ...unknown,
        ...(isWaived({ rule: PLAIN_SECRET }, data.waive ?? [])
            ? []
            : plain.map((secret) => ({ ...secret, severity: "error" as const }))),
        ...breaches.map(({ rule, ...fault }) =>
            finding(`policy-${rule}`, "error", placeOf(["config", fleetKey, ...fault.path]), formatFault(fault)),
        ),
    ];
}

/** `parsed`: where it has no fault. */
function lintFleet(
    written: unknown,
    placeOf: YamlSource["placeOf"],
    readFile: ReadFile,
): { readonly parsed?: Fleet; readonly findings: readonly Finding[] } {
    const { data, encrypted } = standIns(asData(written));
    const { fleet, faults } = parseFleet(data, readFile);
    const isHidden = ({ path }: { readonly path: Path }) => encrypted.some((hidden) => isAtOrBelow(path, hidden));
    const findings = [
        ...encrypted.map((path) =>
            finding(
                "encrypted-value",
                "not checked",
                placeOf(path),
                `${formatPath(path)} is encrypted: \`pulumi preview\` decrypts and checks it.`,
            ),
        ),
        ...faults
            .filter((fault) => !isHidden(fault))
            .map((fault) => finding("stack-setting", "error", placeOf(fault.path), formatFault(fault))),
        ...(fleet?.warnings ?? []).map((warning) => finding("unwise-setting", "warning", placeOf([]), warning)),
    ];
    return { parsed: fleet, findings };
}

/** `pulumi config set` without `--path` writes JSON as text. */
function asData(written: unknown): unknown {
    if (typeof written !== "string") return written;
    try {
        return JSON.parse(written);
    } catch {
        return written; // what is no JSON either is a fault of the fleet: "expected an object"
    }
}

function isAtOrBelow(path: Path, above: Path): boolean {
    return above.every((step, index) => path[index] === step);
}

function entriesOf(value: unknown): Readonly<Record<string, unknown>> {
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
