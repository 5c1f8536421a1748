/** Pulumi mocks that record what a program registers, in order. */
import * as pulumi from "@pulumi/pulumi";

export interface Registration {
    readonly type: string;
    readonly name: string;
    readonly inputs: Readonly<Record<string, unknown>>;
}

export interface Recorder {
    readonly registered: readonly Registration[];
    /** `start NAME` and `end NAME` of every custom resource. */
    readonly events: readonly string[];
}

/** To be called before the first resource is made. @param facts what is observed of a FileSet, by its name */
export function recordRegistrations(facts: Readonly<Record<string, object>> = {}): Recorder {
    const registered: Registration[] = [];
    const events: string[] = [];
    void pulumi.runtime.setMocks(
        {
            newResource: async ({ type, name, inputs, custom }) => {
                registered.push({ type, name, inputs });
                if (custom) events.push(`start ${name}`);
                // Long enough for whatever does not wait for this resource to be registered meanwhile.
                for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
                if (custom) events.push(`end ${name}`);
                const observed = { facts: facts[name] ?? { seen: name } };
                return { id: custom ? name : undefined, state: { ...inputs, observed } };
            },
            call: () => ({}),
        },
        "holdfast",
        "test",
        false,
    );
    return { registered, events };
}

export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
    return new Promise((resolve) => output.apply(resolve));
}
