import { z } from "zod";
import { ProxmoxApi } from "../../host/proxmox/api";
import { createHash, X509Certificate } from "node:crypto";
import { makeCertificates } from "../helpers/proxmoxApi/certificates";
import { connect, createServer, type AddressInfo } from "node:net";
import { FakeProxmox } from "../helpers/proxmoxApi/server";

let fake: FakeProxmox;
let token: string;
beforeAll(async () => {
    fake = await FakeProxmox.start();
    token = fake.addToken("holdfast@pve!stack", { "/": ["*"] });
});
afterAll(() => fake.stop());
afterEach(() => {
    fake.fault = undefined;
    for (const node of fake.cluster.nodes.keys()) fake.cluster.nodes.set(node, true);
});

const version = z.object({ version: z.string() });
const limits = { time: 300, size: 1 << 20 };
const fingerprintOf = (pem: string) => new X509Certificate(pem).fingerprint256;
const api = (target: object = { ca: fake.certificates.ca }, given = token, of = fake) =>
    new ProxmoxApi({ endpoint: of.endpoint, ...target }, given, { ...limits, time: 5000 });
const failure = (work: Promise<unknown>) =>
    work.then(
        () => "did not fail",
        (error: unknown) => (error as Error).message,
    );

describe("the certificate", () => {
    test("signed by the pinned CA, or itself pinned by its fingerprint", async () => {
        expect(await api().get("version", version)).toEqual({ version: "9.1.6" });
        const fingerprint = fingerprintOf(fake.certificates.certificate);
        expect(await api({ fingerprint }).get("version", version)).toEqual({ version: "9.1.6" });
    });
    test("another one gets no token: with neither, of another CA, under another fingerprint", async () => {
        fake.calls.length = 0;
        expect(await failure(api({}).get("version", version))).toMatch(
            /is not signed by the CA of holdfast:fleet\.proxmox\.ca/,
        );
        expect(await failure(api({ ca: makeCertificates().ca }).get("version", version))).toMatch(
            /is not signed by the CA/,
        );
        const fingerprint = createHash("sha256").digest("hex").toUpperCase().match(/../g)!.join(":");
        expect(await failure(api({ fingerprint }).get("version", version))).toBe(
            `${fake.endpoint} shows another certificate than holdfast:fleet.proxmox.fingerprint pins: ${fingerprintOf(fake.certificates.certificate)}. Look at the node's own (pvenode cert info); where it was renewed, pin the new one`,
        );
        expect(fake.calls).toEqual([]);
    });
    test("one that has expired is told as such", async () => {
        const expired = await FakeProxmox.start(makeCertificates(-1));
        try {
            expect(await failure(api({ ca: expired.certificates.ca }, token, expired).get("version", version))).toBe(
                `the certificate of ${expired.endpoint} has expired: renew it on the node (pvecm updatecerts --force)`,
            );
        } finally {
            await expired.stop();
        }
    });
});

describe("what Proxmox says is passed on with a remedy", () => {
    test("a privilege that the token has not", async () => {
        const auditor = fake.addToken("auditor@pve!a", { "/": ["Sys.Audit"] });
        expect(await failure(api(undefined, auditor).put("storage/local", { content: "iso" }))).toBe(
            `${fake.endpoint}: PUT /storage/local: 403 Permission check failed (/storage, Datastore.Allocate): give the token a role with Datastore.Allocate on /storage (pveum acl modify /storage --tokens 'USER@REALM!NAME' --roles ROLE), and its user too, unless the token has no privilege separation`,
        );
    });
    test("a wrong token, and none", async () => {
        expect(await failure(api(undefined, "holdfast@pve!stack=1").get("version", version))).toMatch(
            /401 invalid token value!: look at holdfast:proxmoxToken/,
        );
        const none = new ProxmoxApi({ endpoint: fake.endpoint, ca: fake.certificates.ca }, undefined);
        expect(await failure(none.get("version", version))).toMatch(
            /^holdfast:proxmoxToken is missing: pulumi config set --secret/,
        );
    });
    test("wrong parameters, by name; no quorum; a node that is away", async () => {
        expect(await failure(api().put("storage/local", { colour: "red" }))).toMatch(
            /400 Parameter verification failed\.; colour: property is not defined in schema/,
        );
        fake.cluster.nodes.set("pve02", false);
        expect(await failure(api().get("nodes/pve02/qemu/100/config", z.object({})))).toMatch(/595 No route to host/);
        fake.cluster.nodes.set("pve03", false);
        expect(await failure(api().put("cluster/options", { language: "en" }))).toMatch(
            /500 cluster not ready - no quorum\?/,
        );
    });
    test("the token is in no error", async () => {
        const messages = await Promise.all([
            failure(api({}).get("version", version)),
            failure(api().get("nonsense", version)),
            failure(api(undefined, `${token}x`).get("version", version)),
        ]);
        expect(messages.join()).not.toContain(token.replace(/.*=/, ""));
    });
});

describe("whatever answers, a call ends", () => {
    const bounded = () => new ProxmoxApi({ endpoint: fake.endpoint, ca: fake.certificates.ca }, token, limits);
    test("HTML with status 200 is no answer", async () => {
        fake.fault = "html";
        expect(await failure(api().get("version", version))).toMatch(
            /HTTP 200, and no JSON: is this the port of Proxmox's API \(8006\)\? It begins with "<html>/,
        );
    });
    test("a 500 is passed on, and is no reason to take anything for absent", async () => {
        fake.fault = "500";
        const error = await api()
            .get("storage/local", z.object({}))
            .catch((caught: unknown) => caught);
        expect(error).toMatchObject({ status: 500, isAbsent: false });
    });
    test("a storage that is not there is absent", async () => {
        const error = await api()
            .get("storage/none", z.object({}))
            .catch((caught: unknown) => caught);
        expect(error).toMatchObject({ isAbsent: true });
    });
    test("one that takes the request and says nothing, and one that is too slow", async () => {
        fake.fault = "hang";
        expect(await failure(bounded().get("version", version))).toMatch(
            /took GET \/version and did not answer within 0\.3 s/,
        );
        fake.fault = { slow: 2000 };
        expect(await failure(bounded().get("version", version))).toMatch(/did not answer within 0\.3 s/);
    });
    test("the limit is one for all of it, however slowly the other end goes about each part", async () => {
        // Takes the connection, and begins TLS so late that too little of the time is left for the request.
        const target = new URL(fake.endpoint);
        const slow = createServer((client) => {
            const onward = connect(Number(target.port), target.hostname);
            for (const end of [client, onward]) end.on("error", () => undefined).on("close", () => onward.destroy());
            setTimeout(() => client.pipe(onward).pipe(client), 600);
        }).unref();
        await new Promise<void>((resolve) => slow.listen(0, "127.0.0.1", resolve));
        fake.fault = { slow: 600 };
        const { port } = slow.address() as AddressInfo;
        const within = (time: number) =>
            new ProxmoxApi({ endpoint: `https://127.0.0.1:${port}`, ca: fake.certificates.ca }, token, {
                ...limits,
                time,
            }).get("version", version);
        expect(await failure(within(1000))).toMatch(/did not answer within 1 s$/);
        // Not even TLS.
        expect(await failure(within(300))).toMatch(/ was not reached within 0\.3 s$/);
        slow.close();
    });
    test("more than it should be", async () => {
        const small = new ProxmoxApi({ endpoint: fake.endpoint, ca: fake.certificates.ca }, token, {
            time: 5000,
            size: 10,
        });
        expect(await failure(small.get("version", version))).toMatch(/answered GET \/version with more than 10 bytes/);
    });
    test("nobody there", async () => {
        const gone = new ProxmoxApi({ endpoint: "https://127.0.0.1:1", ca: fake.certificates.ca }, token, limits);
        expect(await failure(gone.get("version", version))).toMatch(
            /^https:\/\/127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED/,
        );
    });
    test("another shape than known", async () => {
        expect(await failure(api().get("version", z.object({ version: z.number() })))).toMatch(
            /answered GET \/version in a shape that this version does not know: version: /,
        );
    });
});
