/**
 * Whatever was secret in what came in leaves the provider wrapped or not at all, by whichever verb and wherever it
 * stands.
 */
import fc from "fast-check";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import type { NodeClient } from "../../host/nodeClient";
import type { Observation } from "../../host/observation";
import { providerService } from "../../provider/service";
import { decode, encode, mask } from "../../provider/wire";
import { secret, urn } from "../helpers/plugin";
import "../helpers/soak";

type Bag = Record<string, unknown>;

const password = fc.stringMatching(/^[a-zA-Z0-9!%&*+]{4,16}$/).map((text) => `s3${text}`);
const shape = fc.constantFrom(
    (word: string) => word,
    (word: string) => `password ${word}\n`,
    (word: string) => `# by Holdfast\nuser ops\npassword=${word}\nport 25\n`,
    (word: string) => `{"token": "${word}"}\n`,
    (word: string) => `[relay.example.test]:587 ops:${word}\n`,
);

interface Case {
    readonly old: string;
    readonly next: string;
    readonly form: (word: string) => string;
    /** Where on the node somebody has put the old password meanwhile. */
    readonly place: "content" | "other file" | "fact" | "instead";
    readonly inState: "inputs" | "outputs" | "both";
    readonly stillSecret: boolean;
    readonly whole: boolean;
    readonly maintenance: boolean;
}
const cases: fc.Arbitrary<Case> = fc.record({
    old: password,
    next: password,
    form: shape,
    place: fc.constantFrom("content", "other file", "fact", "instead"),
    inState: fc.constantFrom("inputs", "outputs", "both"),
    stillSecret: fc.boolean(),
    whole: fc.boolean(),
    maintenance: fc.boolean(),
});

const host = { name: "pve01", address: "192.0.2.11" };
const path = "/etc/relay";
const other = "/etc/other";

function argsOf({ whole, maintenance }: Case, content: string, isSecret: boolean): Bag {
    const attributes = { mode: "0600", owner: "root", group: "root" };
    const file = { content: isSecret && !whole ? secret(content) : content, ...attributes };
    return {
        host,
        concern: "test",
        takeOver: true,
        files: { [path]: isSecret && whole ? secret(file) : file, [other]: { content: "plain\n", ...attributes } },
        facts: { relay: { probe: "relay", value: "fine" } },
        ...(maintenance && { maintenance }),
    };
}

/** What the node shows: the old secret, in one place or another. */
function liveOf({ old, form, place }: Case): Observation {
    const file = (content: string) =>
        ({ kind: "file", content, sha256: content, mode: "0600", owner: "root", group: "root" }) as const;
    return {
        files: {
            [path]:
                place === "instead"
                    ? { kind: "symlink", detail: `/srv/${old}` }
                    : file(place === "content" ? `# edited\n${form(old)}` : form(old)),
            [other]: file(place === "other file" ? `copied: ${old}\n` : "plain\n"),
        },
        packages: [],
        units: {},
        facts: {
            relay: {
                state: place === "fact" ? "bad" : "ok",
                code: "relay",
                text: place === "fact" ? `refused: ${old}` : "fine",
            },
        },
    };
}

/** A node on which every push fails half-way and quotes what it read. */
function nodeOf(given: Case): NodeClient {
    const seen = liveOf(given);
    return {
        facts: undefined,
        read: async () => seen,
        inspect: async () => ({ hostname: "pve01", seen, writers: {}, originals: {} }),
        look: async (_: string, __: unknown, ___: unknown, tell: (event: object) => void) => ({
            look: { hostname: "pve01", seen },
            letBe: () => undefined,
            commit: async () => {
                tell({ phase: "verify", message: `saw ${given.old}` });
                const after = { ...seen, files: { ...seen.files, [other]: { kind: "absent" } } };
                const message = `relay said: ${given.old} and ${given.next}`;
                return {
                    result: { outcome: "failed", phase: "verify", message, rollback: "NOT complete" },
                    seen: after,
                    before: seen,
                };
            },
        }),
    } as unknown as NodeClient;
}

type Call = (call: { request: unknown }, done: (error: Error | null, answer?: unknown) => void) => void;

/** All that a verb lets out: the answer in plain terms, or the error with its trailer. */
async function answerOf(given: Case, verb: string, request: unknown): Promise<string> {
    const service = providerService(undefined, "0.0.0", () => ({
        get: () => nodeOf(given),
        cancel: () => undefined,
    })) as unknown as Record<string, Call>;
    return new Promise((resolve) =>
        service[verb]!({ request }, (error, answer) => {
            const trailer = (error as { metadata?: { get(key: string): unknown[] } } | null)?.metadata?.get(
                "grpc-status-details-bin",
            );
            // The trailer is protobuf: a wrapped secret stands in it behind its signature.
            const state = trailer ? openedTrailer(trailer[0] as Buffer) : "";
            resolve(JSON.stringify([error?.message, state, error ? "" : opened(answer, verb)]));
        }),
    );
}

function opened(answer: unknown, verb: string): unknown {
    if (verb === "read") {
        const read = answer as messages.ReadResponse;
        return [open(read.getInputs()), open(read.getProperties())];
    }
    if (verb === "check") {
        const checked = answer as messages.CheckResponse;
        return [open(checked.getInputs()), checked.getFailuresList().map((each) => each.toObject())];
    }
    if (verb === "create" || verb === "update") return open((answer as messages.CreateResponse).getProperties());
    return (answer as messages.DiffResponse).toObject();
}

function openedTrailer(bytes: Buffer): unknown {
    const { Status } = jest.requireActual<typeof import("@pulumi/pulumi/proto/status_pb")>(
        "@pulumi/pulumi/proto/status_pb",
    );
    const detail = Status.deserializeBinary(bytes).getDetailsList()[0]!;
    const failed = messages.ErrorResourceInitFailed.deserializeBinary(detail.getValue_asU8());
    return [failed.getReasonsList(), open(failed.getProperties()), open(failed.getInputs())];
}

/** Without what is wrapped. */
function open(value: Struct | undefined): unknown {
    const strip = (item: unknown): unknown =>
        Array.isArray(item)
            ? item.map(strip)
            : item !== null && typeof item === "object"
              ? "4dabf18193072939515e22adb298388d" in item
                  ? "[wrapped]"
                  : Object.fromEntries(Object.entries(item).map(([key, each]) => [key, strip(each)]))
              : item;
    return strip(value?.toJavaScript() ?? {});
}

const struct = (value: Bag) => Struct.fromJavaScript(value as Parameters<typeof Struct.fromJavaScript>[0]);

/** Every verb with the secret in the old inputs, in the old state, or in both, and in the new inputs or no longer. */
function requestsOf(given: Case): readonly (readonly [string, unknown])[] {
    const { old, next, form, inState, stillSecret } = given;
    const news = () => struct(argsOf(given, stillSecret ? form(next) : "no password\n", stillSecret));
    const oldInputs = () => struct(argsOf(given, inState === "outputs" ? "x\n" : form(old), inState !== "outputs"));
    const olds = () =>
        struct({
            ...argsOf(given, inState === "inputs" ? "x\n" : form(old), inState !== "inputs"),
            observed: { facts: {} },
        });
    const made = <T extends { setUrn(urn: string): unknown }>(request: T, fill: (request: T) => void): T => {
        request.setUrn(urn);
        fill(request);
        return request;
    };
    return [
        ["check", made(new messages.CheckRequest(), (each) => (each.setOlds(oldInputs()), each.setNews(news())))],
        [
            "diff",
            made(
                new messages.DiffRequest(),
                (each) => (each.setOlds(olds()), each.setNews(news()), each.setOldInputs(oldInputs())),
            ),
        ],
        ...[true, false].map(
            (preview) =>
                [
                    "update",
                    made(
                        new messages.UpdateRequest(),
                        (each) => (
                            each.setOlds(olds()),
                            each.setNews(news()),
                            each.setOldInputs(oldInputs()),
                            each.setPreview(preview)
                        ),
                    ),
                ] as const,
        ),
        [
            "read",
            made(
                new messages.ReadRequest(),
                (each) => (each.setId("pve01/test"), each.setInputs(oldInputs()), each.setProperties(olds())),
            ),
        ],
        [
            "delete",
            made(new messages.DeleteRequest(), (each) => (each.setProperties(olds()), each.setOldInputs(oldInputs()))),
        ],
    ];
}

test("no verb lets a secret out, old or new, by path or by value, when it succeeds, when it fails half-way, and under maintenance", async () => {
    await fc.assert(
        fc.asyncProperty(cases, async (given) => {
            for (const [verb, request] of requestsOf(given)) {
                const told = await answerOf(given, verb, request);
                // An old secret that only ever came in by one message is known from there; it is no stranger to the
                // other.
                expect([verb, told.includes(given.old)]).toEqual([verb, false]);
                if (given.stillSecret) expect([verb, told.includes(given.next)]).toEqual([verb, false]);
            }
        }),
        { numRuns: 60 },
    );
});

test("a create that fails half-way keeps its secret in the partly applied state", async () => {
    const given: Case = {
        old: "s3old-one",
        next: "s3new-one",
        form: (word) => `password=${word}\n`,
        place: "other file",
        inState: "both",
        stillSecret: true,
        whole: false,
        maintenance: false,
    };
    const request = new messages.CreateRequest();
    request.setUrn(urn);
    request.setProperties(struct(argsOf(given, given.form(given.old), true)));
    const told = await answerOf(given, "create", request);
    expect(told).toContain("[wrapped]");
    expect(told).not.toContain(given.old);
});

test("what a concern's row calls secret is wrapped though nobody has said so: an import's relay password", () => {
    const files = {
        "/etc/msmtprc": { content: "account default\npassword hunter2\n" },
        "/etc/holdfast/mail.conf": { content: "to ops\n" },
    };
    const plain = JSON.stringify(open(encode({ host, concern: "mail", files })));
    expect(plain).not.toContain("hunter2");
    expect(plain).toContain("to ops");
    expect(decode(encode({ host, concern: "mail", files })).secrets).toContainEqual([
        "files",
        "/etc/msmtprc",
        "content",
    ]);
});

describe("a message", () => {
    const given = (content: string, plain = "") =>
        decode(struct({ files: { "/etc/msmtprc": { content: secret(content) }, "/etc/x": { content: plain } } }));

    test("keeps a user's name and what stands elsewhere in plain text, and loses short passwords", () => {
        const content = "user holdfast\nhost relay.example.test\npassword ab1\n";
        const told = given(content, "/usr/local/lib/holdfast/mail relay.example.test");
        expect(mask("/usr/local/lib/holdfast: relay.example.test refuses ab1, tabbed", told)).toBe(
            "/usr/local/lib/holdfast: relay.example.test refuses [secret], tabbed",
        );
    });

    test.each([
        "password: ab1",
        'password "ab1"',
        "PASS=ab1",
        '{"api_key": "ab1"}',
        "smtp://ops:ab1@relay",
        "relay ops:ab1",
    ])("loses the password of %s", (content) => {
        expect(mask("it was ab1.", given(`${content}\n`))).toBe("it was [secret].");
    });
});
