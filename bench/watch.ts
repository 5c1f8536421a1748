/** A process that is looked at again and again while it runs. */

export interface Watch<T> {
    stop(): Promise<T>;
}

/**
 * One look after the other, each at the earliest `interval` milliseconds after the one before it was due.
 * @param look whatever it finds, and also where the process has gone meanwhile
 * @param result after the last look
 */
export function watchEvery<T>(interval: number, look: () => Promise<void>, result: () => T): Watch<T> {
    let looking = Promise.resolve();
    const timer = setInterval(() => {
        looking = looking.then(look);
    }, interval);
    return {
        async stop() {
            clearInterval(timer);
            await looking;
            return result();
        },
    };
}
