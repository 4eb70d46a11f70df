namespace Deployments.Web.Bodies;

/// <summary>Where a body lies that has to be looked at twice.</summary>
static class TemporaryFile
{
    /// <summary>A file that is gone when it is closed.</summary>
    public static FileStream Create() => new(
        Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()),
        new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Options = FileOptions.Asynchronous | FileOptions.DeleteOnClose,
        });
}
