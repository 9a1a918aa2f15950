"""GPU kernels for verifying traces, each beside its reference. Never imports ``cwm_lsp``.

``reference`` says in torch what every kernel computes and answers on a CPU, ``rows`` and ``masked``
are the Triton kernels, ``paths`` chooses between them, ``head`` takes hidden states and gives scores.
"""
