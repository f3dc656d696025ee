"""A real Kubernetes cluster on one machine, for the tests.

Read in this order: `places` (where things are), `requirements` (what the
machine must have), `builds` and `images` (what is made once and cached),
`network`, `certificates`, `settings` and `daemons` (the control plane and the
node), `objects` (what is installed into it), `probe` (the proof of the S3
server), `bring_up` and `tear_down` (the order of it all). `kube`, `storage`
and `evidence` are what the tests' fixtures are made of.
"""
