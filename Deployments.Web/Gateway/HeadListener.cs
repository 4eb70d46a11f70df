namespace Deployments.Web.Gateway;

/// <summary>
/// Wants to see the first bytes of a package file before any of it is sent, because they tell which package it is.
/// </summary>
/// <param name="Length">How many bytes; the file may have fewer.</param>
/// <param name="Tell">Takes them.</param>
sealed record HeadListener(int Length, Action<ReadOnlyMemory<byte>> Tell);
