[assembly: AssemblyFixture(typeof(Kd.Deploy.Tests.Images.ServiceImages))]

namespace Kd.Deploy.Tests.Images;

/// <summary>The images of all services that are deployed.</summary>
public sealed class ServiceImages : IAsyncLifetime
{
    private static readonly string[] s_projects = ["Kd.TeacherService", "Kd.CurriculumAgent", "Kd.StudentTrainer"];

    /// <summary>The images.</summary>
    public IReadOnlyList<ServiceImage> All { get; private set; } = [];

    /// <summary>Finds an image by its name; null if it is no project's.</summary>
    public ServiceImage? Find(string image) => All.FirstOrDefault(one => one.Repository == image.Split(':')[0]);

    public async ValueTask InitializeAsync()
    {
        var all = new List<ServiceImage>();
        foreach (var project in s_projects)
            all.Add(await ServiceImage.ReadAsync(project));
        All = all;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
