"""Forms filled online, for browsers that can't keep data on the phone (WeChat, desktops): `/fill/`.

The same macros render them as on the phone; each change is an op of the session's client.
"""
