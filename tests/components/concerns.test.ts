/** What no type can ask of a concern. docs/writing-a-concern.md says what to write where one of these fails. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import * as components from "../../components";
import { type Concern, concernNames, concerns } from "../../components/table";
import type { ConcernDefinition, ManagedFile } from "../../components/concern";
import { remedies } from "../../model/contract/factRemedies";
import type { FileSetArgs } from "../../model/contract/fileSet";
import { type FleetNode, parseFleet } from "../../components/fleet";
import { ownPrograms } from "../../programs";
import { renderReference } from "../../scripts/generateReference";
import { type Recorder, recordRegistrations, valueOf } from "../helpers/registrations";
import { python } from "../host/node/python";

const checkout = resolve(__dirname, "../..");
const read = (file: string) => readFileSync(join(checkout, file), "utf8");
/** Paths below the folder. */
const filesBelow = (folder: string) =>
    readdirSync(join(checkout, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name).slice(join(checkout, folder).length));

let recorder: Recorder;
/** What the node's program has by name. */
let known: { probes: string[]; checks: string[] };

/** The first node of the example stack, and its other hosts: these show every concern. */
beforeAll(async () => {
    recorder = recordRegistrations();
    const { fleet } = parseFleet(parse(read("Pulumi.prod.yaml")).config["holdfast:fleet"], read);
    const { pve01 } = components.hardenFleet(fleet!);
    const shown = [pve01!, ...Object.values(components.watchHosts(fleet!))];
    await Promise.all(
        shown.flatMap(({ fileSets }) => Object.values(fileSets)).map(({ observed }) => valueOf(observed)),
    );
    known = await python(
        "import checks, probes\nanswer = {'probes': [*probes.PROBES, *concerns.names('PROBES')], 'checks': concerns.names('CHECKS')}",
    );
});

/** Whether the path is one of those that a concern's settings name. */
function matches(like: string, path: string): boolean {
    const [before = "", after = ""] = like.split("NAME");
    return path.startsWith(before) && path.endsWith(after);
}

const isOnNodes = ({ roles }: ConcernDefinition) => roles === "every" || roles.includes("node");

/** Of the first node, or of the one host that has it. */
function nameOf(concern: Concern): string {
    if (isOnNodes(concerns[concern])) return `pve01-${concern}`;
    return recorder.registered.find(({ name }) => name.endsWith(`-${concern}`))?.name ?? "";
}

function planOf(concern: Concern): FileSetArgs {
    const registration = recorder.registered.find(
        ({ type, name }) => type === "holdfast:host:FileSet" && name === nameOf(concern),
    );
    if (!registration) throw new Error(`Pulumi.prod.yaml has no ${concern}, on pve01 or on a host with its role`);
    return registration.inputs as unknown as FileSetArgs;
}

test("what a user can do about a fact that is not as declared is said, for every probe of which a value is declared", () => {
    const all = recorder.registered.flatMap(({ inputs }) =>
        Object.values((inputs as Partial<FileSetArgs>).facts ?? {}),
    );
    const probes = [...new Set(all.flatMap(({ probe, value }) => (value === undefined ? [] : [probe])))];
    expect(probes.length).toBeGreaterThan(8);
    expect(probes.filter((probe) => !(probe in remedies))).toEqual([]);
    expect(Object.keys(remedies).filter((probe) => !known.probes.includes(probe))).toEqual([]);
});

test("what stands in everybody's state keeps its name: another one would replace the resource", () => {
    expect(Object.entries(concerns).map(([concern, { component }]) => `${concern} ${component}`)).toEqual(
        expect.arrayContaining([
            "hosts HostsFile",
            "fstab Fstab",
            "interfaces NetworkInterfaces",
            "smartd Smartd",
            "temperature TemperatureWatchdog",
            "ipmievd Ipmievd",
            "node-exporter NodeExporter",
            "mail Mail",
            "log-digest LogDigest",
        ]),
    );
});

describe.each(Object.entries(concerns) as [Concern, (typeof concerns)[Concern]][])(
    "%s",
    (concern, { component, setting, files, ...more }) => {
        const like = "filesLike" in more ? more.filesLike : undefined;
        test("the example stack shows its setting, and its first node has it under its names", () => {
            expect(read("Pulumi.prod.yaml")).toMatch(new RegExp(`^ *${setting}:`, "m"));
            const types = recorder.registered.filter(({ name }) => name === nameOf(concern)).map(({ type }) => type);
            expect(types).toEqual([`holdfast:components:${component}`, "holdfast:host:FileSet"]);
            expect(planOf(concern).concern).toBe(concern);
        });
        test("an import reads the files that the component declares", () => {
            const declared = Object.entries(planOf(concern).files).map(([path, { when, yields }]) => [
                path,
                { when, yields },
            ]);
            const read = Object.entries<ManagedFile>(files).map(([path, { when, yields }]) => [path, { when, yields }]);
            // Files that the settings name are no import's to read: what the stack does not speak of, it does not know.
            const isNamed = (path: string) => like !== undefined && matches(like, path);
            expect(Object.fromEntries(read)).toEqual(
                Object.fromEntries(declared.filter(([path]) => !isNamed(path as string))),
            );
            expect(declared.some(([path]) => isNamed(path as string))).toBe(like !== undefined);
        });
        test("the node's program has the probes and checks that it names", () => {
            const { facts = {}, validate = [], verify = [] } = planOf(concern);
            const checks = [...validate, ...verify]
                .filter(({ argv }) => argv[0] === "holdfast")
                .map(({ argv }) => argv[1]);
            expect(known.probes).toEqual(expect.arrayContaining(Object.values(facts).map(({ probe }) => probe)));
            expect(known.checks).toEqual(expect.arrayContaining(checks));
        });
        test("a node of the lab, which has no registry, has the packages that it installs", () => {
            const image = read("lab/image.ts");
            const wanted = isOnNodes(concerns[concern]) ? (planOf(concern).packages ?? []) : [];
            for (const name of wanted) expect(image).toContain(`"${name}"`);
        });
        test("other programs can import the component and its plan", () => {
            const folder = concern.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
            expect(jest.requireActual(`../../components/${folder}`)).toMatchObject({
                [component]: expect.any(Function),
                [`plan${component}`]: expect.any(Function),
            });
        });
        test("it has its page, with its setting", () => {
            expect(read(`docs/concerns/${concern}.md`)).toMatch(new RegExp(`^# ${component}\n[^]*^ *${setting}:`, "m"));
        });
        test("the reference has its guarantee, from the first line of the component's file", () => {
            expect(renderReference()).toMatch(
                new RegExp(
                    `^\\| \\[${component}\\]\\(concerns/${concern}\\.md\\) \\| \`${setting}\` \\| \\S.* \\|$`,
                    "m",
                ),
            );
        });
    },
);

test("a node that declares nothing has what is managed always or by default, and one that switches off by default only the former", () => {
    const managedWith = (settings: object) => {
        const node: FleetNode = parseFleet({ nodes: { pve01: { address: "192.0.2.11", ...settings } } }, read).fleet!
            .nodes[0]!;
        return concernNames.filter((concern) => node[concerns[concern].setting]);
    };
    const named = (...wanted: string[]) => concernNames.filter((concern) => wanted.includes(concerns[concern].managed));
    expect(managedWith({})).toEqual(named("always", "by default", "where mail is sent"));
    expect(
        managedWith(Object.fromEntries(named("by default").map((concern) => [concerns[concern].setting, false]))),
    ).toEqual(named("always"));
});

test("every template and program is a file of a concern, and every page the page of one", () => {
    const files: readonly string[] = Object.values(concerns).flatMap((concern) => [
        ...Object.keys(concern.files),
        ...("filesLike" in concern ? [concern.filesLike] : []),
    ]);
    expect(
        [...filesBelow("templates").map((path) => path.replace(/\.hbs$/, "")), ...ownPrograms().keys()].filter(
            (path) => !files.includes(path),
        ),
    ).toEqual([]);
    expect(filesBelow("docs/concerns").sort()).toEqual(concernNames.map((concern) => `/${concern}.md`).sort());
    for (const path of files)
        expect([path, ownPrograms().has(path) || existsSync(join(checkout, "templates", `${path}.hbs`))]).toEqual([
            path,
            true,
        ]);
});
