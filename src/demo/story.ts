// pure
/** Where a demo shows how it goes. */
export interface Story {
  line(text: string): void;
  progress(what: string, share: number): void;
}
