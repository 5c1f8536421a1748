/** What stands before proxmoxve's plugin, with a plugin of the test's own behind it. */
import { Client, credentials, Server, ServerCredentials, status, type ServiceError } from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { TRUST } from "../../model/contract/apiObject";
import { guard } from "../../provider/proxmoxve/guard";
import { FakeProxmox } from "../helpers/proxmoxApi/server";

type Handler = (call: { request: never }, reply: (error: unknown, answer?: unknown) => void) => void;

const servers: Server[] = [];
const clients: Client[] = [];
let fake: FakeProxmox;
let token: string;
beforeAll(async () => {
    fake = await FakeProxmox.start();
    token = fake.addToken("holdfast@pve!stack", { "/": ["*"] });
});
afterAll(() => fake.stop());
afterEach(() => {
    fake.fault = undefined;
    fake.calls.length = 0;
    for (const client of clients.splice(0)) client.close();
    for (const server of servers.splice(0)) server.forceShutdown();
});

async function listen(definition: never, implementation: never): Promise<Client> {
    const server = new Server();
    server.addService(definition, implementation);
    servers.push(server);
    const port = await new Promise<number>((resolve, reject) =>
        server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
            error ? reject(error) : resolve(bound),
        ),
    );
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    clients.push(client);
    return client;
}

/** @returns how the engine calls, and with which environment the plugin was started */
async function behind(handlers: Record<string, Handler>, limit = 5000) {
    const started: Readonly<Record<string, string>>[] = [];
    const unimplemented = Object.fromEntries(
        Object.keys(ResourceProviderService).map((name): [string, Handler] => [
            name,
            (_, reply) => reply({ code: status.UNIMPLEMENTED }),
        ]),
    );
    const plugin = await listen(ResourceProviderService as never, { ...unimplemented, ...handlers } as never);
    const { definition, implementation } = guard("engine", limit, async (_, environment) => {
        started.push(environment);
        return plugin;
    });
    const front = await listen(definition as never, implementation as never);
    const call = <Answer>(name: string, request: unknown) => {
        const { path, requestSerialize, responseDeserialize } = (ResourceProviderService as never)[name] as {
            path: string;
            requestSerialize: (value: unknown) => Buffer;
            responseDeserialize: (bytes: Buffer) => Answer;
        };
        return new Promise<Answer>((resolve, reject) =>
            front.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, answer) =>
                error ? reject(error) : resolve(answer!),
            ),
        );
    };
    return { call, started };
}

const argsOf = (trust: object) =>
    Struct.fromJavaScript({ endpoint: fake.endpoint, apiToken: token, [TRUST]: JSON.stringify(trust) });
const configure = (trust: object = { ca: fake.certificates.ca }) => {
    const request = new messages.ConfigureRequest();
    request.setArgs(argsOf(trust));
    request.getVariablesMap().set(`proxmoxve:config:${TRUST}`, "x");
    return request;
};
const configured: Handler = (_, reply) => reply(null, new messages.ConfigureResponse());
const fault = (work: Promise<unknown>) =>
    work.then(
        () => "none",
        (error: unknown) => (error as ServiceError).details,
    );

test("a call that the plugin never answers is given up, with the endpoint's place in the stack", async () => {
    const { call } = await behind({ configure: configured, read: () => undefined }, 400);
    await call("configure", configure());
    expect(await fault(call("read", new messages.ReadRequest()))).toBe(
        `holdfast:fleet.proxmox.endpoint: ${fake.endpoint} did not answer proxmoxve's plugin within 0.4 s, so it was given up: see that pveproxy and pvedaemon run on that node. What it was doing there may have been done: \`pulumi up --refresh\` looks first`,
    );
});
test("an API that is out of order is found out before the plugin asks it; a preview asks nothing", async () => {
    const asked: string[] = [];
    const { call } = await behind({
        configure: configured,
        create: (_, reply) => {
            asked.push("create");
            reply(null, new messages.CreateResponse());
        },
    });
    await call("configure", configure());
    fake.fault = "500";
    const preview = new messages.CreateRequest();
    preview.setPreview(true);
    await call("create", preview);
    expect([asked, fake.calls]).toEqual([["create"], []]);
    expect(await fault(call("create", new messages.CreateRequest()))).toMatch(
        /^holdfast:fleet\.proxmox\.endpoint: https:\S+: GET \/version: 500 got no worker upid/,
    );
    expect(asked).toEqual(["create"]);
});
test("the plugin trusts whom the stack says and nobody else, and knows nothing of our argument", async () => {
    const given: messages.ConfigureRequest[] = [];
    const handlers: Record<string, Handler> = {
        checkConfig: ({ request }, reply) => {
            const answer = new messages.CheckResponse();
            answer.setInputs((request as messages.CheckRequest).getNews());
            reply(null, answer);
        },
        configure: (call, reply) => {
            given.push(call.request);
            configured(call, reply);
        },
        read: (_, reply) => reply(null, new messages.ReadResponse()),
    };
    const certificate = new X509Certificate(fake.certificates.certificate);
    for (const [trust, pem] of [
        [{ ca: fake.certificates.ca }, fake.certificates.ca],
        [{ fingerprint: certificate.fingerprint256 }, certificate.toString()],
    ] as const) {
        const { call, started } = await behind(handlers);
        const check = new messages.CheckRequest();
        check.setNews(argsOf(trust));
        const checked = await call<messages.CheckResponse>("checkConfig", check);
        // Kept in state: a refresh configures from there.
        expect(checked.getInputs()!.toJavaScript()).toEqual(argsOf(trust).toJavaScript());
        await call("configure", configure(trust));
        await call("read", new messages.ReadRequest());
        expect(given.at(-1)!.getArgs()!.toJavaScript()).toEqual({ endpoint: fake.endpoint, apiToken: token });
        expect(given.at(-1)!.getVariablesMap().getLength()).toBe(0);
        expect(started).toHaveLength(1);
        expect(readFileSync(started[0]!["SSL_CERT_FILE"]!, "utf8")).toBe(pem);
        expect(existsSync(started[0]!["SSL_CERT_DIR"]!)).toBe(true);
    }
    const { call, started } = await behind({
        ...handlers,
        getSchema: (_, reply) => reply(null, new messages.GetSchemaResponse()),
    });
    await call("configure", configure({}));
    expect(started).toEqual([{}]);
    // Started before anything was known of the stack, and not kept for it.
    await call("getSchema", new messages.GetSchemaRequest());
    await call("configure", configure());
    expect(started).toEqual([{}, expect.objectContaining({ SSL_CERT_FILE: expect.any(String) as string })]);
});
test("what the plugin says of an error comes through whole: a resource that was made in part is told in it", async () => {
    const { Metadata } = await import("@grpc/grpc-js");
    const metadata = new Metadata();
    metadata.set("grpc-status-details-bin", Buffer.from("details"));
    const { call } = await behind({
        configure: configured,
        update: (_, reply) => reply({ code: status.FAILED_PRECONDITION, details: "half of it", metadata }),
    });
    await call("configure", configure());
    const error = await call("update", new messages.UpdateRequest()).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: status.FAILED_PRECONDITION, details: "half of it" });
    expect((error as ServiceError).metadata.get("grpc-status-details-bin")).toEqual([Buffer.from("details")]);
});
