/** Messages to the person at the terminal, through the engine. */
import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import type { Log } from "./fileSet";

/** Milliseconds: what is over sooner nobody could read, and every message costs the engine as much as a small file. */
const STATUS_INTERVAL = 300;

export class EngineLog {
    private readonly engine: EngineClient;
    private readonly unsaid = new Set<Promise<void>>();
    /** By resource: its latest status, which has not been shown yet. */
    private readonly statuses = new Map<string, { message: string; timer: NodeJS.Timeout }>();

    constructor(address: string) {
        this.engine = new EngineClient(address, credentials.createInsecure());
    }

    /** `clean` takes secrets out of what is said. */
    for(urn: string, clean: (message: string) => string = (message) => message): Log {
        const send = (severity: LogSeverity, message: string, ephemeral = false) => {
            const request = new LogRequest();
            request.setSeverity(severity);
            request.setMessage(clean(message));
            request.setUrn(urn);
            request.setEphemeral(ephemeral);
            // The engine may be on its way out; there is nobody else to tell.
            const said = new Promise<void>((resolve) => this.engine.log(request, () => resolve())).finally(() => this.unsaid.delete(said));
            this.unsaid.add(said);
        };
        return {
            status: (message) => {
                const waiting = this.statuses.get(urn);
                if (waiting) {
                    waiting.message = message;
                    return;
                }
                const timer = setTimeout(() => {
                    const { message } = this.statuses.get(urn)!;
                    this.statuses.delete(urn);
                    send(LogSeverity.INFO, message, true);
                }, STATUS_INTERVAL);
                this.statuses.set(urn, { message, timer });
            },
            info: (message) => send(LogSeverity.INFO, message),
            warning: (message) => send(LogSeverity.WARNING, message),
        };
    }

    /** Nothing more is shown of what this resource is busy with. */
    end(urn: string): void {
        clearTimeout(this.statuses.get(urn)?.timer);
        this.statuses.delete(urn);
    }

    /** What is said after the answer may come when the engine no longer listens. */
    async flush(): Promise<void> {
        await Promise.all(this.unsaid);
    }
}
