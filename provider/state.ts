/** What is looked at for a FileSet, and what was seen in the shape of its inputs. */
import { isUnknown } from "../model/contract/engineWords";
import type { FileArgs, FileSetArgs } from "../model/contract/fileSet";
import type { Expected, Observation, SeenFile, Spec } from "../host/observation";
import { lintContent } from "../model/lint/formats";
import { factText } from "../model/contract/verdict";
import { standsFor } from "../model/contract/ownProgram";
import type { FileSetState, FileState } from "./fileState";

export function specOf(args: FileSetArgs): Spec {
    const facts = Object.entries(args.facts ?? {}).map(
        ([name, fact]) => [name, { probe: fact.probe, args: fact.args ?? [] }] as const,
    );
    return {
        files: Object.fromEntries(Object.entries(args.files).map(([path, file]) => [path, conditionsOf(file)])),
        packages: args.packages ?? [],
        units: Object.keys(args.units ?? {}),
        facts: Object.fromEntries(facts),
    };
}

/** What the node can check by itself of a FileSet, without us. */
export function expectedOf({ validate = [], verify = [], facts = {} }: FileSetArgs): Expected {
    return {
        commands: [...validate, ...verify].filter(({ argv }) => argv[0] === "holdfast"),
        facts: Object.fromEntries(
            Object.entries(facts).flatMap(([name, { probe, args = [], value }]) =>
                value === undefined ? [] : [[name, { probe, args, value }] as const],
            ),
        ),
    };
}

/** The observation in the shape of the inputs, so that the engine can show expected and actual side by side. */
export function stateOf(args: FileSetArgs, seen: Observation): FileSetState {
    const units = Object.entries(args.units ?? {}).map(([name, wanted]) => {
        const unit = seen.units[name];
        return [
            name,
            {
                ...(wanted.enabled !== undefined && { enabled: unit?.enabled ?? false }),
                ...(wanted.active !== undefined && { active: unit?.active ?? false }),
            },
        ] as const;
    });
    const told = factsOf(args, seen);
    const facts = Object.entries(args.facts ?? {}).map(
        ([name, fact]) =>
            [name, fact.value === undefined ? fact : { ...fact, value: told[name] ?? "unknown" }] as const,
    );
    return {
        ...args,
        files: Object.fromEntries(
            Object.entries(args.files).map(([path, file]) => [path, fileStateOf(file, seen.files[path])]),
        ),
        ...(args.packages && { packages: seen.packages }),
        ...(args.units && { units: Object.fromEntries(units) }),
        ...(args.facts && { facts: Object.fromEntries(facts) }),
        observed: { facts: told },
        ...(seen.machine !== undefined && { machine: seen.machine }),
    };
}

/** As the node tells them; but whether sourced files are sound, the lints decide, which are here. */
function factsOf(args: FileSetArgs, { facts, sourced = {} }: Observation): Readonly<Record<string, string>> {
    const names = Object.keys(args.facts ?? {}).filter((name) => args.facts![name]!.probe === "sourced-files");
    const told = Object.entries(facts).map(([name, verdict]) => [name, factText(verdict)] as const);
    return Object.fromEntries([...told, ...names.map((name) => [name, verdictOn(sourced)] as const)]);
}

/** `sound`, or the first line of each file that is not. */
function verdictOn(sourced: Readonly<Record<string, string>>): string {
    const faults = Object.entries(sourced).flatMap(([path, content]) => {
        const error = lintContent("interfaces.d", content).find(({ severity }) => severity === "error");
        return error ? [`${path}:${error.line}: ${error.message}`] : [];
    });
    return faults.join(" ") || "sound";
}

export function fileStateOf(
    wanted: Pick<FileState, "when" | "yields" | "otherProgram">,
    seen: SeenFile | undefined,
): FileState {
    const conditions = conditionsOf(wanted);
    if (seen === undefined || seen.kind === "absent") return { absent: true, ...conditions };
    switch (seen.kind) {
        case "file": {
            if (isUnknown(seen.content))
                return { instead: "file with the engine's word for a value that is not known yet", ...conditions };
            const { otherProgram } = wanted; // said in the same words as long as it stands there
            const text =
                otherProgram !== undefined && seen.content !== undefined && standsFor(otherProgram, seen.content)
                    ? { otherProgram }
                    : { content: seen.content };
            return {
                ...text,
                mode: seen.mode,
                owner: seen.owner,
                group: seen.group,
                ...(seen.binary && { sha256: seen.sha256 }),
                ...conditions,
            };
        }
        case "not applicable":
            return { skipped: true, ...conditions };
        default:
            return {
                instead:
                    seen.kind === "symlink"
                        ? `symlink to ${seen.detail ?? "?"}`
                        : `${seen.kind} ${seen.detail ?? ""}`.trim(),
                ...conditions,
            };
    }
}

/** Under what a file is managed at all. */
function conditionsOf({ when, yields }: Pick<FileArgs, "when" | "yields">) {
    return { ...(when !== undefined && { when }), ...(yields && { yields }) };
}
