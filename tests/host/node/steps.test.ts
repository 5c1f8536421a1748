/**
 * A failure, a kill and a power cut at every moment of every kind of transaction: all files and units are old or new,
 * and the client hears which. The moments are those that the program itself counts in a clean run, so a new step needs
 * no test here.
 */
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import execa from "execa";
import { soak } from "../../helpers/soak";
import { heard } from "../../helpers/told";

jest.setTimeout(300_000);

const reload = { argv: ["systemctl", "daemon-reload"] };
/** What these names are before is in steps.py: `changed`, `removed` and `mode` are files, `goes.service` runs. */
const kinds = {
    files: [
        {
            files: {
                changed: { content: "new" },
                removed: { absent: true },
                mode: { content: "same", mode: "0640" },
                "made/deeper/added": { content: "new" },
            },
            validate: [{ argv: ["true"] }],
            activate: [reload, { argv: ["note", "@/changed"] }],
            verify: [{ argv: ["true"] }],
        },
    ],
    "a unit that comes": [
        { files: { changed: { content: "new" } }, units: { "new.service": { enabled: true, active: true } } },
    ],
    "a unit that goes with its file": [
        {
            files: { removed: { absent: true } },
            units: { "goes.service": { enabled: false, active: false } },
            activate: [reload],
        },
    ],
    "a package that brings a service": [
        {
            files: { changed: { content: "new" } },
            packages: ["package"],
            units: { "brought.service": { enabled: true, active: true } },
        },
    ],
    "a change of the network that has to be confirmed": [
        {
            files: { changed: { content: "new" } },
            confirm: {
                token: createHash("sha256").update("the client's").digest("hex"),
                window: 60,
                addresses: [],
                peers: [],
                probes: [],
            },
        },
    ],
    "a batch": [
        { files: { changed: { content: "new" } } },
        { files: { removed: { absent: true } }, units: { "goes.service": { enabled: false, active: false } } },
        { files: { "made/added": { content: "new" } }, units: { "new.service": { enabled: true } } },
    ],
};
type Report = Readonly<Record<string, { readonly moments: readonly string[]; readonly faults: readonly string[] }>>;

/** In memory where there is such a folder: a journal is synced at each step. */
const scratch = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

async function campaign(ways: readonly string[], stride: number, program = join(__dirname, "../../../host/node")) {
    const folder = await mkdtemp(join(scratch, "holdfast-steps-"));
    try {
        const { stdout } = await execa(
            "python3",
            ["-I", "-S", "-B", join(__dirname, "../../helpers/steps.py"), program, folder],
            { input: JSON.stringify({ kinds, ways, stride }) },
        );
        const { report, told } = JSON.parse(stdout) as { report: Report; told: unknown[] };
        return { report, told: heard(told) };
    } finally {
        await rm(folder, { recursive: true, force: true });
    }
}

const faultsOf = (report: Report) => Object.values(report).flatMap(({ faults }) => faults);

test.each([["failure"], ["kill"], ["power cut"], ["end"]])("%s at every moment", async (way) => {
    const { report, told } = await campaign([way], 1);
    expect(faultsOf(report)).toEqual([]);
    for (const { moments } of Object.values(report)) expect(moments.length).toBeGreaterThan(20);
    expect(new Set(told.map(({ outcome }) => outcome))).toEqual(new Set(["applied", "failed"]));
});

test("an undoing that is killed or cut off itself, at each of its moments, is taken up by the next", async () => {
    const { report } = await campaign(["kill twice", "power cut twice"], soak > 1 ? 1 : 11);
    expect(faultsOf(report)).toEqual([]);
});
