;;; lsp-story.el --- What a user of lsp-mode sees  -*- lexical-binding: t; -*-

;; emacs --batch -l CONFIGURATION -l lsp-story.el FILE FUNCTION ARGUMENTS: prints lenses and diagnostics of a comparison.

(require 'lsp-mode)
(setq lsp-session-file (expand-file-name ".session") lsp-enable-snippet nil)

(defun story-wait (what condition)
  "Let Emacs go on until CONDITION holds; WHAT names it where it never does."
  (let ((end (+ (float-time) 180)))
    (while (not (funcall condition))
      (when (> (float-time) end) (error "Never came: %s" what))
      (accept-process-output nil 0.05))))

(defun story-diagnostics ()
  "The texts of the diagnostics of all files."
  (let (found)
    (maphash (lambda (_ all) (dolist (one all) (push (gethash "message" one) found))) (lsp-diagnostics t))
    found))

(let ((file (pop command-line-args-left))
      (function (pop command-line-args-left))
      (arguments (pop command-line-args-left)))
  (lsp-workspace-folders-add default-directory)
  (find-file file)
  (python-mode)
  (lsp)
  (story-wait "the server"
              (lambda ()
                (seq-some (lambda (one) (eq 'initialized (lsp--workspace-status one))) (lsp-workspaces))))
  (lsp-send-execute-command
   "cwm.compare" (vector (list :uri (lsp--buffer-uri) :function function :arguments arguments)))
  (story-wait "a diagnostic" #'story-diagnostics)
  (princ (format "diagnostic: %s\n" (car (story-diagnostics))))
  (let ((lenses (lsp-request "textDocument/codeLens"
                             (list :textDocument (lsp--text-document-identifier)))))
    (dolist (lens (append lenses nil))
      (princ (format "lens: %s\n" (gethash "title" (gethash "command" lens)))))))

;;; lsp-story.el ends here
