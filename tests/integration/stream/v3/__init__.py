"""The publisher for Feeds v3, against a server that speaks its protocol.

The hosted service was not reached: the server follows its documentation and what getstream sends.
"""
