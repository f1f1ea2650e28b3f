/** What a supervisor tells the terminal that started it. */
export type StackEvent =
  | { readonly kind: 'working'; readonly part: string; readonly note: string }
  | { readonly kind: 'done'; readonly part: string; readonly note: string; readonly ms: number }
  | { readonly kind: 'note'; readonly text: string }
  | {
      readonly kind: 'failed';
      readonly part: string;
      readonly reason: string;
      readonly advice: string;
      readonly logFile?: string;
      readonly lastLines: readonly string[];
    }
  /** Another supervisor has this folder. */
  | { readonly kind: 'busy'; readonly pid: number }
  | { readonly kind: 'up' };

export type Report = (event: StackEvent) => void;
