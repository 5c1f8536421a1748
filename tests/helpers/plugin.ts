/**
 * The provider as the engine runs it: a process of its own that prints its port, spoken to over gRPC, and an engine
 * that takes its log.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { credentials, Server, ServerCredentials, type Metadata, type ServiceError } from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { PluginAttach } from "@pulumi/pulumi/proto/plugin_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";

export const executable = resolve(__dirname, "../../provider/pulumi-resource-holdfast");
export const urn = "urn:pulumi:test::holdfast::holdfast:host:FileSet::pve01-hosts";

type Properties = Readonly<Record<string, unknown>>;

/** Values as the engine sends them: secrets and unknowns in their wrapping. */
export function secret(value: unknown): object {
    return { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value };
}
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export interface Failed extends Error {
    readonly metadata: Metadata;
}

export class Plugin {
    private constructor(
        readonly process: ChildProcess,
        /** Messages for the person at the terminal; progress is left out. */
        readonly logged: string[],
        private readonly client: ResourceProviderClient,
        private readonly engine: Server,
        private readonly engineAddress: string,
    ) {}

    static async start(env: NodeJS.ProcessEnv = {}): Promise<Plugin> {
        const engine = new Server();
        const logged: string[] = [];
        const log = ({ request }: { request: LogRequest }, answer: (error: null, response: Empty) => void) => {
            if (!request.getEphemeral()) logged.push(request.getMessage());
            answer(null, new Empty());
        };
        engine.addService(EngineService, {
            log,
            getRootResource: log,
            setRootResource: log,
            startDebugging: log,
            requirePulumiVersion: log,
        });
        const port = await new Promise<number>((bound, failed) =>
            engine.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, number) =>
                error ? failed(error) : bound(number),
            ),
        );
        const child = spawn(executable, [`127.0.0.1:${port}`], {
            stdio: ["pipe", "pipe", "inherit"],
            env: { ...process.env, ...env },
        });
        const line = await firstLine(child);
        if (!/^\d+$/.test(line)) throw new Error(`the plugin printed ${line}, not its port`);
        const client = new ResourceProviderClient(`127.0.0.1:${line}`, credentials.createInsecure());
        return new Plugin(child, logged, client, engine, `127.0.0.1:${port}`);
    }

    forgetLog(): void {
        this.logged.length = 0;
    }

    async stop(): Promise<void> {
        this.client.close();
        this.engine.forceShutdown();
        if (this.process.exitCode !== null || this.process.signalCode !== null) return;
        this.process.kill("SIGKILL");
        await once(this.process, "exit");
    }

    handshake(): Promise<messages.ProviderHandshakeResponse> {
        return call<messages.ProviderHandshakeResponse>((done) =>
            this.client.handshake(new messages.ProviderHandshakeRequest(), done),
        );
    }

    async attach(): Promise<void> {
        const request = new PluginAttach();
        request.setAddress(this.engineAddress);
        await call<Empty>((done) => this.client.attach(request, done));
    }

    async checkConfig(news: Properties): Promise<unknown> {
        const request = new messages.CheckRequest();
        request.setNews(struct(news));
        return (await call<messages.CheckResponse>((done) => this.client.checkConfig(request, done)))
            .getInputs()
            ?.toJavaScript();
    }

    async diffConfig(olds: Properties, news: Properties): Promise<messages.DiffResponse.AsObject> {
        const request = new messages.DiffRequest();
        request.setOlds(struct(olds));
        request.setNews(struct(news));
        return (await call<messages.DiffResponse>((done) => this.client.diffConfig(request, done))).toObject();
    }

    async configure(args: Properties): Promise<messages.ConfigureResponse.AsObject> {
        const request = new messages.ConfigureRequest();
        request.setArgs(struct(args));
        return (await call<messages.ConfigureResponse>((done) => this.client.configure(request, done))).toObject();
    }

    async check(
        news: Properties,
        olds: Properties = {},
        ofUrn = urn,
    ): Promise<{ inputs: Properties; failures: Record<string, string> }> {
        const request = new messages.CheckRequest();
        request.setUrn(ofUrn);
        request.setNews(struct(news));
        request.setOlds(struct(olds));
        const answer = await call<messages.CheckResponse>((done) => this.client.check(request, done));
        return {
            inputs: properties(answer.getInputs()),
            failures: Object.fromEntries(
                answer.getFailuresList().map((failure) => [failure.getProperty(), failure.getReason()]),
            ),
        };
    }

    /** `{property path: kind}`. */
    async diff(
        olds: Properties,
        news: Properties,
        before: Properties = {},
    ): Promise<{
        changes: boolean;
        diffs: string[];
        replaces: string[];
        detailed: Record<string, string>;
        ofInputs: string[];
    }> {
        const request = new messages.DiffRequest();
        request.setUrn(urn);
        request.setOlds(struct(olds));
        request.setNews(struct(news));
        request.setOldInputs(struct(before));
        const answer = await call<messages.DiffResponse>((done) => this.client.diff(request, done));
        const detailed = answer
            .getDetaileddiffMap()
            .toArray()
            .map(([path]) => [path, kinds[answer.getDetaileddiffMap().get(path)!.getKind()]!] as const);
        const ofInputs = detailed
            .map(([path]) => path)
            .filter((path) => answer.getDetaileddiffMap().get(path)!.getInputdiff());
        return {
            changes: answer.getChanges() === messages.DiffResponse.DiffChanges.DIFF_SOME,
            diffs: answer.getDiffsList(),
            replaces: answer.getReplacesList(),
            detailed: Object.fromEntries(detailed),
            ofInputs,
        };
    }

    async create(news: Properties, preview = false): Promise<{ id: string; state: Properties }> {
        const request = new messages.CreateRequest();
        request.setUrn(urn);
        request.setProperties(struct(news));
        request.setPreview(preview);
        const answer = await call<messages.CreateResponse>((done) => this.client.create(request, done));
        return { id: answer.getId(), state: properties(answer.getProperties()) };
    }

    async update(olds: Properties, news: Properties, preview = false): Promise<Properties> {
        const request = new messages.UpdateRequest();
        request.setUrn(urn);
        request.setId("pve01/hosts");
        request.setOlds(struct(olds));
        request.setNews(struct(news));
        request.setPreview(preview);
        return properties(
            (await call<messages.UpdateResponse>((done) => this.client.update(request, done))).getProperties(),
        );
    }

    async read(
        id: string,
        inputs: Properties = {},
        last: Properties = {},
    ): Promise<{ id: string; inputs: Properties; state: Properties }> {
        const request = new messages.ReadRequest();
        request.setUrn(urn);
        request.setId(id);
        request.setInputs(struct(inputs));
        request.setProperties(struct(last));
        const answer = await call<messages.ReadResponse>((done) => this.client.read(request, done));
        return {
            id: answer.getId(),
            inputs: properties(answer.getInputs()),
            state: properties(answer.getProperties()),
        };
    }

    async delete(last: Properties, inputs: Properties = last): Promise<void> {
        const request = new messages.DeleteRequest();
        request.setUrn(urn);
        request.setId("pve01/hosts");
        request.setProperties(struct(last));
        request.setOldInputs(struct(inputs));
        await call<Empty>((done) => this.client.delete(request, done));
    }

    async cancel(): Promise<void> {
        await call<Empty>((done) => this.client.cancel(new Empty(), done));
    }
}

function call<A>(start: (answer: (error: ServiceError | null, response: A) => void) => unknown): Promise<A> {
    return new Promise((answered, failed) => start((error, response) => (error ? failed(error) : answered(response))));
}

const kinds = ["add", "add-replace", "delete", "delete-replace", "update", "update-replace"];

function struct(value: Properties): Struct {
    return Struct.fromJavaScript(value as Parameters<typeof Struct.fromJavaScript>[0]);
}

function properties(value: Struct | undefined): Properties {
    return value?.toJavaScript() ?? {};
}

async function firstLine(child: ChildProcess): Promise<string> {
    for await (const line of createInterface({ input: child.stdout! })) return line;
    throw new Error("the plugin ended without a word");
}
