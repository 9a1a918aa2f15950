;;; eglot-story.el --- What a user of Emacs sees  -*- lexical-binding: t; -*-

;; emacs --batch -l CONFIGURATION -l eglot-story.el FILE CALL: prints what is shown of a comparison of CALL in FILE.

(defun story-wait (what condition)
  "Let Emacs go on until CONDITION holds; WHAT names it where it never does."
  (let ((end (+ (float-time) 180)))
    (while (not (funcall condition))
      (when (> (float-time) end) (error "Never came: %s" what))
      (accept-process-output nil 0.05))))

(defun story-message ()
  "The text of the first diagnostic, nil for none."
  (let ((found (flymake-diagnostics)))
    (and found (flymake-diagnostic-text (car found)))))

(setq eglot-sync-connect 120 eglot-connect-timeout 120)
(let ((file (pop command-line-args-left)) (call (pop command-line-args-left)))
  (find-file file)
  (python-mode)
  (apply #'eglot (eglot--guess-contact))
  (story-wait "the server" #'eglot-managed-p)
  (cwm-run "cwm.compare" call)
  (story-wait "a diagnostic" #'story-message)
  (princ (format "diagnostic at line %d: %s\n"
                 (line-number-at-pos (flymake-diagnostic-beg (car (flymake-diagnostics))))
                 (story-message)))
  (goto-char (flymake-diagnostic-beg (car (flymake-diagnostics))))
  (let ((hover (jsonrpc-request (eglot-current-server) :textDocument/hover
                                (eglot--TextDocumentPositionParams) :timeout 60)))
    (princ (format "hover: %s\n" (plist-get (plist-get hover :contents) :value))))
  (insert " ")
  (eglot--signal-textDocument/didChange)
  (story-wait "the values of the old text to go" (lambda () (not (story-message))))
  (princ "after an edit: nothing\n")
  (set-buffer-modified-p nil)
  (eglot-shutdown (eglot-current-server) nil 60))

;;; eglot-story.el ends here
