// Code lenses that can be run for as long as they are seen.
//
// VS Code forgets the arguments of a lens's command once lenses were asked for anew, but draws those out of sight until they are
// scrolled to; a click on one then says "Actual command not found". A command without arguments it does not forget.

/** As much of a command as is looked at. */
export interface Told {
    command: string;
    arguments?: unknown[] | undefined;
}

/** Names kept at least: lists before the latest may still be seen somewhere. */
const KEPT = 2_000;

/** Gives each command with arguments a name of its own, the same for the same. */
export class Names {
    private readonly known = new Map<string, { name: string; dispose: () => void }>();
    private readonly register: (name: string, told: Told) => { dispose: () => void };
    private count = 0;

    /** `register` makes a command of that name do what is told. */
    constructor(register: (name: string, told: Told) => { dispose: () => void }) {
        this.register = register;
    }

    /** The name of a command that does what `told` does. */
    of(told: Told): string {
        const key = JSON.stringify([told.command, told.arguments ?? []]);
        const held = this.known.get(key);
        this.known.delete(key);
        const { name, dispose } = held ?? this.made(told);
        this.known.set(key, { name, dispose });
        return name;
    }

    /** Have each of `lenses` that has arguments run by a name. */
    name<T extends { command?: Told | undefined }>(lenses: T[]): T[] {
        for (const { command } of lenses) {
            if (command?.arguments?.length) {
                command.command = this.of({ ...command });
                delete command.arguments;
            }
        }
        this.trim(Math.max(KEPT, lenses.length));
        return lenses;
    }

    /** Forget all but `kept`, what has not been asked for the longest time first. */
    trim(kept: number): void {
        for (const [key, { dispose }] of this.known) {
            if (this.known.size <= kept) {
                return;
            }
            dispose();
            this.known.delete(key);
        }
    }

    dispose(): void {
        this.trim(0);
    }

    private made(told: Told): { name: string; dispose: () => void } {
        this.count += 1;
        const name = `cwm.lens.${this.count}`;
        const { dispose } = this.register(name, told);
        return { name, dispose };
    }
}
