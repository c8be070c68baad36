import * as Primitive from '@radix-ui/react-dialog';
import { X } from 'lucide-react';
import { useRef, useState, type ReactNode } from 'react';
import { wordsOf } from '../api/problem';
import { Button } from './button';
import { Notice } from './notice';

export interface DialogProps {
  isOpen: boolean;
  /** Without it the dialog stays until what it asks for is done. */
  onOpenChange?: (isOpen: boolean) => void;
  title: string;
  /** One or two sentences under the title. */
  description?: ReactNode;
  isWide?: boolean;
  children: ReactNode;
}

/** A dialog: focus stays in it, Escape closes it. (The scrim is our own: that of the library writes a style element, which the content security policy forbids.) */
export function Dialog({ isOpen, onOpenChange, title, description, isWide = false, children }: DialogProps) {
  // The library knows only triggers of its own: without this the focus would be lost with the dialog.
  const opener = useRef<Element | null>(null);
  const content = useRef<HTMLDivElement>(null);
  return (
    <Primitive.Root open={isOpen} {...(onOpenChange === undefined ? {} : { onOpenChange })}>
      <Primitive.Portal>
        <div className="scrim" aria-hidden />
        <Primitive.Content
          ref={content}
          className={isWide ? 'dialog dialog-wide' : 'dialog'}
          onOpenAutoFocus={event => {
            opener.current = document.activeElement;
            // Where there is something to fill in, one begins there; where there is a choice, at the one that changes nothing.
            const first = content.current?.querySelector<HTMLElement>(':is(input, select, textarea):not(:disabled)') ?? content.current?.querySelector<HTMLElement>('.dialog-foot button');
            if (first === null || first === undefined) return;
            event.preventDefault();
            first.focus();
          }}
          onCloseAutoFocus={event => {
            if (!(opener.current instanceof HTMLElement)) return;
            event.preventDefault();
            opener.current.focus();
          }}
          {...(description === undefined ? { 'aria-describedby': undefined } : {})}>
          <div className="dialog-head">
            <Primitive.Title>{title}</Primitive.Title>
            {onOpenChange !== undefined && (
              <Primitive.Close asChild>
                <Button look="quiet" className="button-icon" aria-label="Close">
                  <X size={18} aria-hidden />
                </Button>
              </Primitive.Close>
            )}
          </div>
          {description !== undefined && (
            <Primitive.Description asChild>
              <div className="soft dialog-words">{description}</div>
            </Primitive.Description>
          )}
          {children}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

export interface ConfirmProps {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  /** A question with the name of what it is about: "Remove the destination Twitch?" */
  title: string;
  /** What will happen, and whether it can be undone. */
  children: ReactNode;
  /** The verb again, never "OK": "Remove destination". */
  action: string;
  /** Does it. While it runs the dialog stays; what it throws is shown in the dialog, and nothing is lost. */
  onConfirm: () => Promise<unknown>;
}

/** Asks before something that cannot be taken back. */
export function Confirm({ isOpen, onOpenChange, title, children, action, onConfirm }: ConfirmProps) {
  const [state, setState] = useState<{ isBusy: boolean; problem: string | null }>({ isBusy: false, problem: null });
  const change = (open: boolean) => {
    setState({ isBusy: false, problem: null });
    onOpenChange(open);
  };
  const run = async () => {
    setState({ isBusy: true, problem: null });
    try {
      await onConfirm();
      change(false);
    } catch (error) {
      setState({ isBusy: false, problem: wordsOf(error) });
    }
  };
  return (
    <Dialog isOpen={isOpen} onOpenChange={change} title={title} description={children}>
      {state.problem !== null && (
        <Notice tone="bad" isAlert>
          {state.problem}
        </Notice>
      )}
      <div className="dialog-foot">
        <Button onClick={() => change(false)}>Cancel</Button>
        <Button look="danger" isBusy={state.isBusy} onClick={run}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
