/** Dialogs: the browser's own `<dialog>`, which keeps the focus and closes on Escape. */
import { signal } from '@preact/signals';
import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Icon } from './icons';
import { Notices } from './notices';

/** How many dialogs are open: while one is, the page behind it cannot be reached, and notices are shown inside. */
export const dialogs = signal(0);

/** A dialog that is open for as long as it is rendered. */
export function Dialog(props: { title: string; onClose: () => void; wide?: boolean; children: ComponentChildren }): VNode {
  const element = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    dialogs.value += 1;
    return () => {
      dialog?.close();
      dialogs.value -= 1;
    };
  }, []);
  const outside = (event: MouseEvent) => {
    if (event.target === element.current) props.onClose();
  };
  return (
    <dialog ref={element} class={props.wide ? 'dialog wide' : 'dialog'} aria-labelledby={title} onClose={props.onClose} onClick={outside}>
      <div class="dialog-body">
        <header>
          <h2 id={title}>{props.title}</h2>
          <button type="button" class="quiet icon-button" aria-label="Close" onClick={props.onClose}>
            <Icon name="close" />
          </button>
        </header>
        <Notices />
        {props.children}
      </div>
    </dialog>
  );
}
