/** Messages to the person at the terminal, through the engine. */
import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import type { Log } from "./fileSet";

export class EngineLog {
    private readonly engine: EngineClient;
    private readonly unsaid = new Set<Promise<void>>();

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
            status: (message) => send(LogSeverity.INFO, message, true),
            info: (message) => send(LogSeverity.INFO, message),
            warning: (message) => send(LogSeverity.WARNING, message),
        };
    }

    /** What is said after the answer may come when the engine no longer listens. */
    async flush(): Promise<void> {
        await Promise.all(this.unsaid);
    }
}
